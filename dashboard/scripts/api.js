// Writes src/api/schema.d.ts from the description of a built server: run it after the API changed. With --check it only says whether the file is current.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";

const root = new URL("../../", import.meta.url).pathname;
const { HARK_BINARY = `${root}target/debug/hark`, ...env } = process.env;
const file = `${root}dashboard/src/api/schema.d.ts`;

// The program refuses options of its own that it does not know, such as the one above.
const description = JSON.parse(execFileSync(HARK_BINARY, ["openapi"], { env, maxBuffer: 1 << 26, encoding: "utf8" }));
const types = `// Made by \`npm run api\`. Do not edit.\n${astToString(await openapiTS(description))}`;
if (!process.argv.includes("--check")) writeFileSync(file, types);
else if (readFileSync(file, "utf8") !== types) {
  console.error("dashboard/src/api/schema.d.ts is not what the server says of its API: run make dashboard-api");
  process.exit(1);
}
