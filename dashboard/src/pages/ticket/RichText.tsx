// What was said, drawn from its document part by part: nothing of it is ever read as markup.
import { Anchor } from "@mantine/core";
import { createElement, Fragment, type ReactNode } from "react";

/** A part of a document, as TipTap writes them. */
export interface Part {
  type?: string;
  text?: string;
  attrs?: Record<string, unknown>;
  content?: Part[];
  marks?: { type?: string; attrs?: Record<string, unknown> }[];
}

const BLOCKS: Record<string, string> = { paragraph: "p", bulletList: "ul", orderedList: "ol", listItem: "li", blockquote: "blockquote", codeBlock: "pre" };
const MARKS: Record<string, string> = { bold: "strong", italic: "em", underline: "u", strike: "s", code: "code" };

export function RichText({ document }: { document: Part }) {
  return <div className="rich wrap">{document.content?.map((part, index) => <Drawn key={index} part={part} />)}</div>;
}

function Drawn({ part }: { part: Part }): ReactNode {
  const inside = part.content?.map((inner, index) => <Drawn key={index} part={inner} />);
  switch (part.type) {
    case "text":
      return (part.marks ?? []).reduce<ReactNode>((text, mark) => marked(mark, text), part.text ?? "");
    case "hardBreak":
      return <br />;
    case "horizontalRule":
      return <hr />;
    case "heading":
      return <p style={{ fontWeight: 650 }}>{inside}</p>;
    case "image":
      return <Picture url={part.attrs?.["src"]} text={part.attrs?.["alt"]} />;
    case "mention":
      return <b>@{String(part.attrs?.["label"] ?? part.attrs?.["id"] ?? "")}</b>;
    default: {
      const block = BLOCKS[part.type ?? ""];
      return block ? createElement(block, null, inside) : <Fragment>{inside}</Fragment>;
    }
  }
}

function marked({ type, attrs }: { type?: string; attrs?: Record<string, unknown> }, text: ReactNode): ReactNode {
  if (type === "link") return <Outward url={attrs?.["href"]}>{text}</Outward>;
  const mark = MARKS[type ?? ""];
  return mark ? createElement(mark, null, text) : text;
}

/** A link, when it leads where links of messages may lead. */
export function Outward({ url, children }: { url: unknown; children: ReactNode }) {
  if (typeof url !== "string" || !/^(https?:|mailto:)/i.test(url)) return <>{children}</>;
  return (
    <Anchor href={url} target="_blank" rel="noreferrer noopener" inherit>
      {children}
    </Anchor>
  );
}

/** Whether this server has what is at an address. */
export const isOurs = (url: unknown): url is string => typeof url === "string" && URL.canParse(url, location.origin) && new URL(url, location.origin).origin === location.origin;

/** A picture of this server is shown; of one elsewhere its address, as others would learn who looks at it. */
function Picture({ url, text }: { url: unknown; text: unknown }) {
  const name = typeof text === "string" && text !== "" ? text : String(url);
  return isOurs(url) ? <img src={url} alt={name} style={{ maxWidth: "100%" }} /> : <Outward url={url}>{name}</Outward>;
}
