// What to paste, platform by platform.

export interface Keys {
  url: string;
  sdkKey: string;
  /** Known only right after it was made. */
  apiToken: string;
}

export const SNIPPETS: { name: string; install?: string; code: (keys: Keys) => string }[] = [
  {
    name: "Web",
    install: "npm install gleap",
    code: ({ url, sdkKey }) => `import Gleap from "gleap";

Gleap.setApiUrl("${url}");
Gleap.setWSApiUrl("${socket(url)}");
Gleap.initialize("${sdkKey}");
Gleap.identify("user-1", { name: "Ada", email: "ada@example.com", plan: "pro" });`,
  },
  {
    name: "iOS",
    code: ({ url, sdkKey }) => `[Gleap setApiUrl: @"${url}"];
[Gleap setWSApiUrl: @"${socket(url)}"];
[Gleap initializeWithToken: @"${sdkKey}"];`,
  },
  {
    name: "Android",
    code: ({ url, sdkKey }) => `Gleap.getInstance().setApiUrl("${url}");
Gleap.getInstance().setWSApiUrl("${socket(url)}");
Gleap.initialize("${sdkKey}", this);`,
  },
  {
    name: "Server",
    code: ({ url, apiToken }) => `curl ${url}/admin/identify \\
  -H 'Api-Token: ${apiToken}' \\
  -H 'Content-Type: application/json' \\
  -d '{"userId":"user-1","name":"Ada","email":"ada@example.com","plan":"pro"}'`,
  },
];

function socket(url: string): string {
  return `${url.replace(/^http/, "ws")}/ws`;
}
