// A file on its way up. Not with fetch, which cannot say how far it is.
import { ApiError, OfflineError, PROOF, type Schemas } from "./client";

export type StoredFile = Schemas["StoredFile"];

/** Sends a file, and tells how much of it is sent, from 0 to 1. */
export function upload(file: File, project: string, tell: (part: number) => void, signal: AbortSignal): Promise<StoredFile> {
  const body = new FormData();
  body.append("file", file, file.name);
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/v3/files");
    for (const [name, value] of Object.entries({ ...PROOF, project })) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => tell(total > 0 ? loaded / total : 0);
    request.onerror = () => fail(new OfflineError("offline"));
    request.onload = () => {
      const answer = read(request.responseText);
      const [stored] = answer.files ?? [];
      if (request.status === 200 && stored) done(stored);
      else fail(new ApiError(request.status, answer.code ?? "unknown", answer.message ?? request.statusText, answer.errors ?? [], answer.requestId, undefined));
    };
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(body);
  });
}

function read(text: string): Partial<Schemas["ErrorBody"] & Schemas["StoredFiles"]> {
  try {
    return (JSON.parse(text) as Partial<Schemas["ErrorBody"] & Schemas["StoredFiles"]> | null) ?? {};
  } catch {
    return {};
  }
}
