import { expect, test } from "vitest";

import { customOf, guess, headOf } from "./csv";

const file = (content: BlobPart) => new File([content], "people.csv");

test.each([
  ["userId,email\nu1,ada@example.com\n", { columns: ["userId", "email"], sample: ["u1", "ada@example.com"] }],
  ["\uFEFFname;note\r\nAda;\"a;b\r\nsaid \"\"so\"\"\"\r\n", { columns: ["name", "note"], sample: ["Ada", 'a;b\r\nsaid "so"'] }],
  ["a\tb\n1\t", { columns: ["a", "b"], sample: ["1", ""] }],
  ["only", { columns: ["only"], sample: [] }],
])("the head of %j", async (text, head) => {
  expect(await headOf(file(text))).toEqual(head);
});

test("what is JSON has no columns", async () => {
  expect(await headOf(file('[{"userId":"u1"}]'))).toBeUndefined();
  expect(await headOf(file(' {"userId":"u1"}\n'))).toBeUndefined();
});

test("other encodings than UTF-8 are read", async () => {
  const utf16 = new Uint8Array([0xff, 0xfe, ...[..."ü,b"].flatMap((sign) => [sign.charCodeAt(0), 0])]);
  expect((await headOf(file(utf16)))?.columns).toEqual(["ü", "b"]);
  expect((await headOf(file(new Uint8Array([0xfc, 0x2c, 0x62]))))?.columns).toEqual(["ü", "b"]);
});

test("a character at the end of what is looked at is no fault", async () => {
  const text = `ü,b\n${"x".repeat(64 * 1024 - 6)}ü`;
  expect((await headOf(file(text)))?.columns).toEqual(["ü", "b"]);
});

test("columns are known by the names that people use", () => {
  expect(["E-Mail", "user_id", "Telefon", "Seats"].map(guess)).toEqual(["email", "userId", "phone", "customData.Seats"]);
  expect(customOf("a.b$c")).toBe("customData.a_b_c");
});
