// Finding a template while somebody types.

/** Letters without accents, small. */
const plain = (text: string) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

/** Those in whose title or text all words of the term are; those first whose title has them. */
export function matching<T extends { title: string; text: string }>(templates: T[], term: string): T[] {
  const words = plain(term).split(/\s+/).filter(Boolean);
  const has = (text: string) => words.every((word) => plain(text).includes(word));
  const found = templates.filter(({ title, text }) => has(`${title} ${text}`));
  return [...found.filter(({ title }) => has(title)), ...found.filter(({ title }) => !has(title))];
}

/** A place behind all that were made before. */
export const lastRank = (now: number) => `0|${now.toString(36)}:`;
