import { expect, test } from "vitest";

import { noted, type Present } from "../../shell/presence";
import { conditionsOf, viewOf, VIEWS } from "./views";

test.each([
  ["mine", "mine"],
  ["team:6650f0c2a1b2c3d4e5f60718", "team:6650f0c2a1b2c3d4e5f60718"],
  ["nonsense", "open"],
  [undefined, "open"],
])("an address with %s shows %s", (text, view) => {
  expect(viewOf(text)).toBe(view);
});

test("an open ticket is in one of the views of those that sleep, are done or put away, or in none", () => {
  const of = (view: (typeof VIEWS)[number]) => conditionsOf(view, "me", ["DONE"]);
  const open = { archived: false, snoozed: false, status: { $nin: ["DONE"] } };
  expect(of("open")).toEqual(open);
  expect(of("mine")).toEqual({ ...open, processingUser: "me" });
  expect(of("unassigned")).toEqual({ ...open, processingUser: { $exists: false } });
  expect(conditionsOf("team:t", "me", ["DONE"])).toEqual({ ...open, processingTeam: "t" });
  expect(of("snoozed")).toMatchObject({ snoozed: true, archived: false });
  expect(of("closed")).toMatchObject({ status: { $in: ["DONE"] }, archived: false });
  expect(of("archived")).toEqual({ archived: true });
  expect(of("all")).toEqual({});
});

test("who comes is there once, and who goes is there no more", () => {
  const one: Present = { ticket: "t", user: "u", doing: "viewing", active: true };
  const both = noted(noted([one], { ...one, doing: "typing" }), one);
  expect(both).toHaveLength(2);
  expect(noted(both, { ...one, active: false })).toEqual([{ ...one, doing: "typing" }]);
});
