import { expect, test } from "vitest";

import { both, fromAddress, operatorsOf, toAddress, toQuery, type Condition } from "./filter";

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
  [{ path: "attributes.seats", value: "5" }, { "attributes.seats": 5 }],
  [{ path: "formData.seats", value: "5" }, { "formData.seats": "5" }],
  [{ path: "status", kind: "choice", value: "42" }, { status: "42" }],
  [{ path: "status", kind: "choice", operator: "any", value: "OPEN,DONE" }, { status: { $in: ["OPEN", "DONE"] } }],
  [{ path: "processingUser", kind: "choice", operator: "missing" }, { processingUser: { $exists: false } }],
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

test("what may be said depends on the field", () => {
  expect(operatorsOf({ kind: "choice" })).toEqual(["is", "isNot", "any"]);
  expect(operatorsOf({ kind: "choice", mayMiss: true })).toEqual(["is", "isNot", "any", "exists", "missing"]);
  expect(operatorsOf({ kind: "choice", one: { Choose: () => null, Told: () => null } })).toEqual(["is", "isNot"]);
  expect(operatorsOf(undefined)).toEqual(["is", "isNot", "any", "exists", "missing", "more", "less"]);
});

test("the conditions of a view and those beside it hold together", () => {
  expect(both('{"archived":false}', undefined)).toBe('{"archived":false}');
  expect(JSON.parse(both('{"archived":false}', '{"$and":[{"type":"BUG"}]}'))).toEqual({ $and: [{ archived: false }, { $and: [{ type: "BUG" }] }] });
});

test.each(["", "no JSON", "{}", '[{"path":1}]', '[{"path":"a","kind":"date","operator":"after","value":"x"}]', '[{"path":"a","kind":"toString","operator":"is","value":""}]'])(
  "what is no condition in %j is passed over",
  (address) => expect(fromAddress(address)).toEqual([]),
);
