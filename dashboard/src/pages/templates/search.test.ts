import { expect, test } from "vitest";

import { lastRank, matching } from "./search";

const templates = [
  { title: "Thanks", text: "Thank you for the report" },
  { title: "Grüße", text: "Viele Grüße, Café" },
  { title: "Report", text: "Please send a report" },
];

test.each([
  ["", ["Thanks", "Grüße", "Report"]],
  ["  REPORT ", ["Report", "Thanks"]],
  ["report thank", ["Thanks"]],
  ["grusse", []],
  ["gruße", ["Grüße"]],
  ["cafe", ["Grüße"]],
  ["nothing", []],
])("%j finds %j", (term, titles) => {
  expect(matching(templates, term).map(({ title }) => title)).toEqual(titles);
});

test("who comes later is behind", () => {
  const now = Date.UTC(2026, 0, 31);
  expect(lastRank(now) < lastRank(now + 1)).toBe(true);
  expect("0|i00007:" < lastRank(now)).toBe(true);
  expect(lastRank(now)).toMatch(/^[0-9a-z|:]{1,200}$/);
});
