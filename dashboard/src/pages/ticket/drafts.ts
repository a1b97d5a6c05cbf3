// What was begun and not sent: kept in this browser until it is sent, whatever becomes of the page or the network.
const PREFIX = "hark-draft:";
/** Drafts that are kept; of more the oldest go. */
const DRAFTS_MAX = 50;

interface Draft {
  at: number;
  content: unknown;
}

const nameOf = (ticketId: string, kind: string) => `${PREFIX}${kind}:${ticketId}`;

/** The document that was begun, if there is one that is not older than `ageMax` milliseconds. */
export function draftOf(ticketId: string, kind: string, ageMax = Infinity): unknown {
  const draft = read(nameOf(ticketId, kind));
  return draft && Date.now() - draft.at <= ageMax ? draft.content : undefined;
}

/** Keeps a document; nothing takes it away. */
export function keepDraft(ticketId: string, kind: string, content: unknown): void {
  const name = nameOf(ticketId, kind);
  if (content === undefined) return localStorage.removeItem(name);
  try {
    localStorage.setItem(name, JSON.stringify({ at: Date.now(), content }));
    forgetOldest();
  } catch {
    // There is no room: what is typed stays in the page.
  }
}

function read(name: string): Draft | undefined {
  try {
    return JSON.parse(localStorage.getItem(name) ?? "null") ?? undefined;
  } catch {
    return undefined;
  }
}

function forgetOldest(): void {
  const names = Object.keys(localStorage).filter((name) => name.startsWith(PREFIX));
  if (names.length <= DRAFTS_MAX) return;
  const byAge = names.toSorted((a, b) => (read(a)?.at ?? 0) - (read(b)?.at ?? 0));
  for (const name of byAge.slice(0, names.length - DRAFTS_MAX)) localStorage.removeItem(name);
}
