import { expect, test } from "vitest";

import { actionsWith, changesOf } from "./actions";

const foreign = { type: "assign", data: { user: "u" } };

test("what the dashboard knows is done, and nothing else", () => {
  const actions = [foreign, { type: "status", data: { to: "DONE" } }, { type: "priority" }, { type: "processingTeam", data: null }, { type: "status2", data: { to: "x" } }];
  expect(changesOf(actions)).toEqual({ status: "DONE" });
});

test("what others put there stays, and what is written is read again", () => {
  const before = [{ type: "status", data: { to: "OPEN" } }, foreign];
  const after = actionsWith(before, { priority: "HIGH" });
  expect(after).toEqual([foreign, { type: "priority", data: { to: "HIGH" } }]);
  expect(changesOf(after)).toEqual({ priority: "HIGH" });
  expect(actionsWith(after, {})).toEqual([foreign]);
});
