// The head of a table, to ask which column is what. The server reads the file itself; this only has to show the names.

/** So much of a file is looked at. */
const HEAD_BYTES = 64 * 1024;

export interface Head {
  columns: string[];
  /** The first row of values. */
  sample: string[];
}

/** The column names of a CSV file, or nothing when it is of another kind. */
export async function headOf(file: File): Promise<Head | undefined> {
  const bytes = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
  const text = decoded(bytes).replace(/^\uFEFF/, "");
  if (/^\s*[[{]/.test(text)) return undefined;
  const firstLine = text.split(/\r?\n/, 1)[0] ?? "";
  const delimiter = [",", ";", "\t"].reduce((best, one) => (count(firstLine, one) > count(firstLine, best) ? one : best));
  const [columns = [], sample = []] = rows(text, delimiter, 2);
  return { columns: columns.map((name) => name.trim()), sample };
}

function decoded(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  // The end of what is looked at may be within a character.
  const text = new TextDecoder().decode(bytes, { stream: true });
  return text.includes("\uFFFD") ? new TextDecoder("windows-1252").decode(bytes) : text;
}

const count = (text: string, sign: string) => text.split(sign).length;

/** The first rows of a table as RFC 4180 writes them. */
function rows(text: string, delimiter: string, most: number): string[][] {
  const found: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let isQuoted = false;
  for (let at = 0; at < text.length && found.length < most; at += 1) {
    const sign = text[at];
    if (isQuoted) {
      if (sign !== '"') cell += sign;
      else if (text[at + 1] === '"') cell += text[(at += 1)];
      else isQuoted = false;
    } else if (sign === '"' && cell === "") isQuoted = true;
    else if (sign === delimiter || sign === "\n") {
      row.push(cell.replace(/\r$/, ""));
      cell = "";
      if (sign === "\n") {
        found.push(row);
        row = [];
      }
    } else cell += sign;
  }
  if (found.length < most && (cell !== "" || row.length > 0)) found.push([...row, cell]);
  return found;
}

/** Fields that a column may become, by the names that files use for them. */
const KNOWN: Record<string, string> = {
  userid: "userId",
  id: "userId",
  externalid: "userId",
  kundennummer: "userId",
  email: "email",
  mail: "email",
  emailaddress: "email",
  name: "name",
  fullname: "name",
  phone: "phone",
  telephone: "phone",
  telefon: "phone",
  mobile: "phone",
  company: "companyName",
  companyname: "companyName",
  firma: "companyName",
  companyid: "companyId",
  plan: "plan",
  value: "value",
  mrr: "value",
  lang: "lang",
  language: "lang",
  tags: "tags",
  createdat: "createdAt",
};

export const FIELDS = ["userId", "email", "phone", "name", "companyName", "companyId", "plan", "value", "sla", "lang", "tags", "createdAt"];

/** The field that a column most likely is; a custom attribute otherwise. */
export function guess(column: string): string {
  return KNOWN[column.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "")] ?? customOf(column);
}

export const customOf = (column: string) => `customData.${column.replace(/[.$]/g, "_")}`;
