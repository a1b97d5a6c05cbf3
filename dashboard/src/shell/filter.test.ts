import { expect, test } from "vitest";

import { both, fromAddress, kindOf, operatorsOf, toAddress, toQuery, type Condition } from "./filter";

const condition = (part: Partial<Condition>): Condition => ({ path: "plan", kind: "text", operator: "is", value: "pro", ...part });
const NOW = Date.parse("2026-03-10T12:00:00Z");
const all = (...conditions: Condition[]) => ({ conditions, isAny: false });
const queried = (part: Partial<Condition>) => JSON.parse(toQuery(all(condition(part)), NOW) ?? "null") as unknown;

test.each<[Partial<Condition>, unknown]>([
  [{}, { plan: "pro" }],
  [{ value: "5" }, { plan: "5" }],
  [{ operator: "isNot" }, { plan: { $ne: "pro" } }],
  [{ operator: "any", value: "pro, team" }, { plan: { $in: ["pro", "team"] } }],
  [{ operator: "none", value: "pro, team" }, { plan: { $nin: ["pro", "team"] } }],
  [{ operator: "missing" }, { plan: { $exists: false } }],
  [{ path: "value", kind: "number", operator: "more", value: "1.5" }, { value: { $gt: 1.5 } }],
  [{ path: "value", kind: "number", operator: "atLeast", value: "5" }, { value: { $gte: 5 } }],
  [{ path: "value", kind: "number", operator: "atMost", value: "5" }, { value: { $lte: 5 } }],
  [{ path: "eventData.bought.count", kind: "number", operator: "more", value: "3" }, { "eventData.bought.count": { $gt: 3 } }],
  [{ path: "eventData.bought.lastAt", kind: "date", operator: "within", value: "7" }, { "eventData.bought.lastAt": { $gte: "2026-03-03T12:00:00.000Z" } }],
  [{ path: "lastActivity", kind: "date", operator: "longerAgo", value: "30" }, { lastActivity: { $lt: "2026-02-08T12:00:00.000Z" } }],
  [{ path: "customData.trialEnds", kind: "date", operator: "after", value: "2026-01-31T08:05:00Z" }, { "customData.trialEnds": { $gt: "2026-01-31T08:05:00.000Z" } }],
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

test("one of several may be enough", () => {
  const query = toQuery({ conditions: [condition({}), condition({ path: "value", kind: "number", value: "5" })], isAny: true }, NOW);
  expect(JSON.parse(query ?? "null")).toEqual({ $or: [{ plan: "pro" }, { value: 5 }] });
});

test("conditions come back from their address", () => {
  const conditions = [condition({}), condition({ path: "customData.ü&=", value: '"' })];
  for (const isAny of [false, true]) expect(fromAddress(toAddress({ conditions, isAny }))).toEqual({ conditions, isAny });
  // Of one alone it says nothing whether it is enough.
  expect(fromAddress(toAddress({ conditions: [condition({})], isAny: true }))).toEqual(all(condition({})));
  expect(toAddress(all())).toBeUndefined();
  expect(toQuery(all(), NOW)).toBeUndefined();
});

test("what may be said depends on the field", () => {
  expect(operatorsOf({ kind: "choice" })).toEqual(["is", "isNot", "any", "none"]);
  expect(operatorsOf({ kind: "choice", mayMiss: true })).toEqual(["is", "isNot", "any", "none", "exists", "missing"]);
  expect(operatorsOf({ kind: "choice", one: { Choose: () => null, Told: () => null } })).toEqual(["is", "isNot"]);
  const loose = operatorsOf(undefined);
  for (const kind of ["text", "number", "date"] as const) expect(loose).toEqual(expect.arrayContaining(operatorsOf({ kind })));
  expect(loose.map((operator) => kindOf(undefined, operator))).toContain("date");
  expect(kindOf(undefined, "atLeast")).toBe("number");
  expect(kindOf({ kind: "text" }, "is")).toBe("text");
});

test("the conditions of a view and those beside it hold together", () => {
  expect(both('{"archived":false}', undefined)).toBe('{"archived":false}');
  expect(JSON.parse(both('{"archived":false}', '{"$and":[{"type":"BUG"}]}'))).toEqual({ $and: [{ archived: false }, { $and: [{ type: "BUG" }] }] });
});

test.each(["", "no JSON", "{}", '[{"path":1}]', '[{"path":"a","kind":"date","operator":"after","value":"x"}]', '[{"path":"a","kind":"toString","operator":"is","value":""}]', '{"any":1}', '[{"path":"a","kind":"date","operator":"within","value":"-1"}]'])(
  "what is no condition in %j is passed over",
  (address) => expect(fromAddress(address).conditions).toEqual([]),
);
