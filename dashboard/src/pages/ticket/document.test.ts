import { expect, test } from "vitest";

import { editable } from "./document";

const text = (text: string, ...marks: string[]) => ({ type: "text", text, ...{ marks: marks.map((type) => ({ type })) } });
const paragraph = (...content: object[]) => ({ type: "paragraph", content });

test("what the editor writes stays as it is", () => {
  const list = { type: "bulletList", content: [{ type: "listItem", content: [paragraph(text("a", "bold"), { type: "hardBreak" })] }] };
  const document = { type: "doc", content: [paragraph(text("b")), list, { type: "horizontalRule" }] };
  expect(editable(document)).toEqual(document);
});

test("what the editor does not know becomes what is nearest", () => {
  const heading = { type: "heading", attrs: { level: 1 }, content: [text("Title", "italic", "blink")] };
  const picture = { type: "image", attrs: { src: "https://example.com/a.png", alt: "A" } };
  const mention = { type: "mention", attrs: { id: "1", label: "Ada" } };
  const strange = { type: "table", content: [{ type: "row", content: [paragraph(text("cell"))] }] };
  expect(editable({ type: "doc", content: [heading, picture, paragraph(mention), strange] })).toEqual({
    type: "doc",
    content: [
      paragraph(text("Title", "italic", "bold")),
      paragraph({ type: "text", text: "A", marks: [{ type: "link", attrs: { href: "https://example.com/a.png" } }] }),
      paragraph({ type: "text", text: "@Ada", marks: [] }),
      paragraph(text("cell")),
    ],
  });
});

test("an empty document has a paragraph to write in", () => {
  for (const document of [{}, { type: "doc", content: [] }, { type: "doc", content: [{ type: "nothing" }] }]) {
    expect(editable(document)).toEqual({ type: "doc", content: [{ type: "paragraph" }] });
  }
});
