import { expect, test } from "vitest";

import { ATTACHMENTS_MAX, filesOf, fitting } from "./files";

test("a message takes so many files and says how many it left", () => {
  expect(fitting(0, ["a", "b"])).toEqual({ taken: ["a", "b"], left: 0 });
  expect(fitting(ATTACHMENTS_MAX - 1, ["a", "b"])).toEqual({ taken: ["a"], left: 1 });
  expect(fitting(ATTACHMENTS_MAX, ["a"])).toEqual({ taken: [], left: 1 });
  expect(fitting(ATTACHMENTS_MAX + 1, ["a"])).toEqual({ taken: [], left: 1 });
});

test("a picture that is pasted is a file, words with a picture of them are words", () => {
  const pasted = (types: string[]) => ({ types, files: ["picture"] }) as unknown as DataTransfer;
  expect(filesOf(pasted(["Files"]))).toEqual(["picture"]);
  expect(filesOf(pasted(["Files", "text/html"]))).toEqual(["picture"]);
  expect(filesOf(pasted(["text/plain", "text/html", "Files"]))).toEqual([]);
  expect(filesOf(null)).toEqual([]);
});
