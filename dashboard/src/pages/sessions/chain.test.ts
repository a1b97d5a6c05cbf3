import { expect, test } from "vitest";

import { FIRST, follow, kept } from "./chain";

const page = (next: string | undefined) => ({ next });

test("each page tells where the next one begins, until the last", () => {
  const two = follow(FIRST, 0, [page("b")]);
  expect(two).toEqual([undefined, "b"]);
  expect(follow(two, 0, [page("b"), page("c")])).toEqual([undefined, "b", "c"]);
  expect(follow(two, 0, [page("b"), page(undefined)])).toBe(two);
});

test("what is known already changes nothing", () => {
  const starts = [undefined, "b", "c", "d"];
  expect(follow(starts, 1, [page("c"), undefined])).toBe(starts);
  expect(follow(starts, 0, [])).toBe(starts);
});

test("a page that ends elsewhere moves the one behind it", () => {
  const starts = [undefined, "b", "c", "d"];
  const moved = follow(starts, 0, [page("b2"), undefined, page("d")]);
  expect(moved).toEqual([undefined, "b2", "c", "d"]);
  expect(follow(moved, 0, [page("b2"), page("c2"), page("d")])).toEqual([undefined, "b2", "c2", "d"]);
});

test("a list that became shorter ends where it ends now", () => {
  expect(follow([undefined, "b", "c", "d"], 1, [page(undefined), page("d")])).toEqual([undefined, "b"]);
});

test.each([
  [1, 0, [0]],
  [10, 0, [0, 1, 2]],
  [10, 5, [3, 4, 5, 6, 7]],
  [10, 9, [7, 8, 9]],
  // Another list was chosen, of which nothing is known yet.
  [1, 5, [0]],
])("of %i pages those beside number %i are kept", (count, near, numbers) => {
  expect(kept(Array.from({ length: count }, String), near, 2)).toEqual(numbers);
});
