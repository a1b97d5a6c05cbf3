import { expect, test } from "vitest";

import { fromAddress, toAddress, toQuery, type Condition } from "./filter";

const condition = (part: Partial<Condition>): Condition => ({ path: "plan", kind: "text", operator: "is", value: "pro", ...part });
const queried = (part: Partial<Condition>) => JSON.parse(toQuery([condition(part)]) ?? "null") as unknown;

test.each<[Partial<Condition>, unknown]>([
  [{}, { plan: "pro" }],
  [{ value: "5" }, { plan: "5" }],
  [{ operator: "isNot" }, { plan: { $ne: "pro" } }],
  [{ operator: "any", value: "pro, team" }, { plan: { $in: ["pro", "team"] } }],
  [{ operator: "missing" }, { plan: { $exists: false } }],
  [{ path: "value", kind: "number", operator: "more", value: "1.5" }, { value: { $gt: 1.5 } }],
  [{ path: "blocked", kind: "boolean", value: "false" }, { blocked: false }],
  [{ path: "customData.seats", value: "5" }, { "customData.seats": 5 }],
  [{ path: "customData.trial", value: "true" }, { "customData.trial": true }],
  [{ path: "createdAt", kind: "date", operator: "before", value: "2026-01-31T08:05:00Z" }, { createdAt: { $lt: "2026-01-31T08:05:00.000Z" } }],
])("%j is asked as %j", (part, expected) => {
  expect(queried(part)).toEqual({ $and: [expected] });
});

test("conditions come back from their address", () => {
  const conditions = [condition({}), condition({ path: "customData.ü&=", value: '"' })];
  expect(fromAddress(toAddress(conditions))).toEqual(conditions);
  expect(toAddress([])).toBeUndefined();
  expect(toQuery([])).toBeUndefined();
});

test.each(["", "no JSON", "{}", '[{"path":1}]', '[{"path":"a","kind":"date","operator":"after","value":"x"}]', '[{"path":"a","kind":"toString","operator":"is","value":""}]'])(
  "what is no condition in %j is passed over",
  (address) => expect(fromAddress(address)).toEqual([]),
);
