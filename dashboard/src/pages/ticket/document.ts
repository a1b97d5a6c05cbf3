// Documents of rich text, as the editor takes them.
import type { Part } from "./RichText";

/** The parts that the editor writes. */
const BLOCKS = new Set(["paragraph", "bulletList", "orderedList", "listItem", "blockquote", "codeBlock", "horizontalRule", "hardBreak", "text"]);
const MARKS = new Set(["bold", "italic", "underline", "strike", "code", "link"]);

/** The same document of parts that the editor knows. Others become what is nearest to them: a heading a bold paragraph, a picture a link to it. */
export function editable(document: Part): Part {
  const content = (document.content ?? []).flatMap((part) => known(part, []));
  return { type: "doc", content: content.length > 0 ? content.map((part) => (isInline(part) ? { type: "paragraph", content: [part] } : part)) : [{ type: "paragraph" }] };
}

const isInline = ({ type }: Part) => type === "text" || type === "hardBreak";

function known(part: Part, marks: NonNullable<Part["marks"]>): Part[] {
  const { type = "", attrs = {} } = part;
  if (type === "text") return part.text ? [{ ...part, marks: [...(part.marks ?? []).filter(({ type }) => MARKS.has(type ?? "")), ...marks] }] : [];
  if (type === "heading") return [{ type: "paragraph", content: inside(part, [{ type: "bold" }]) }];
  if (type === "mention") return [{ type: "text", text: `@${String(attrs["label"] ?? attrs["id"] ?? "")}`, marks }];
  if (type === "image") {
    const url = String(attrs["src"] ?? "");
    return [{ type: "text", text: String(attrs["alt"] || url || "…"), marks: [{ type: "link", attrs: { href: url } }] }];
  }
  return BLOCKS.has(type) ? [{ ...part, ...(part.content && { content: inside(part, marks) }) }] : inside(part, marks);
}

const inside = (part: Part, marks: NonNullable<Part["marks"]>) => (part.content ?? []).flatMap((inner) => known(inner, marks));
