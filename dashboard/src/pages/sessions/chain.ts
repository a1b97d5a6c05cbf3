// Where the pages of a list begin. Each page says where the next one does, so one costs the same however far down; what it held may be forgotten, and is
// asked for again from there.

/** What each page is asked for with, by its number. The first begins where nothing is before. */
export type Starts = readonly (string | undefined)[];

export const FIRST: Starts = [undefined];

/**
 * What is known after pages arrived, those from `first` on; `undefined` for one that did not. The same object when that is nothing new. Where rows came or
 * went, a page ends elsewhere than before and the next one begins there; those behind it follow when it arrived.
 */
export function follow(starts: Starts, first: number, pages: readonly ({ next: string | undefined } | undefined)[]): Starts {
  let known = starts;
  for (const [index, page] of pages.entries()) {
    const behind = first + index + 1;
    if (!page || behind > known.length) continue;
    if (page.next === undefined) return behind === known.length ? known : known.slice(0, behind);
    if (known[behind] !== page.next) known = [...known.slice(0, behind), page.next, ...known.slice(behind + 1)];
  }
  return known;
}

/** The numbers of the pages that are kept: `beside` on each side of the one that is looked at, as far as they are known. */
export function kept(starts: Starts, near: number, beside: number): number[] {
  const last = starts.length - 1;
  const from = Math.max(0, Math.min(near, last) - beside);
  const to = Math.min(near + beside, last);
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
