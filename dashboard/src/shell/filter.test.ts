import { expect, test } from "vitest";

import { both, CONDITIONS_MAX, fits, fromAddress, kindOf, newGroup, operatorsOf, queryOf, toAddress, toQuery, VALUES_MAX, withPart, withPartAt, type Condition, type Group, type Part } from "./filter";

const condition = (part: Partial<Condition>): Condition => ({ path: "plan", kind: "text", operator: "is", value: "pro", ...part });
const NOW = Date.parse("2026-03-10T12:00:00Z");
const all = (...parts: Part[]) => ({ parts, isAny: false });
const any = (...parts: Part[]) => ({ parts, isAny: true });
const city = (value: string) => condition({ path: "location.city", value });
const cities: Group = { conditions: [city("Vienna"), city("Graz")], isAny: true };
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
  const query = toQuery(any(condition({}), condition({ path: "value", kind: "number", value: "5" })), NOW);
  expect(JSON.parse(query ?? "null")).toEqual({ $or: [{ plan: "pro" }, { value: 5 }] });
});

test("a group counts as one condition", () => {
  const asked = { $or: [{ "location.city": "Vienna" }, { "location.city": "Graz" }] };
  expect(JSON.parse(toQuery(all(condition({}), cities), NOW) ?? "null")).toEqual({ $and: [{ plan: "pro" }, asked] });
  const both = { conditions: [condition({ path: "lastActivity", kind: "date", operator: "within", value: "7" }), condition({ operator: "isNot" })], isAny: false };
  expect(JSON.parse(toQuery(any(both, cities, condition({})), NOW) ?? "null")).toEqual({
    $or: [{ $and: [{ lastActivity: { $gte: "2026-03-03T12:00:00.000Z" } }, { plan: { $ne: "pro" } }] }, asked, { plan: "pro" }],
  });
});

test("conditions come back from their address", () => {
  const conditions = [condition({}), condition({ path: "customData.ü&=", value: '"' })];
  const alone = { conditions: [city("Linz")], isAny: true };
  for (const list of [all(...conditions), any(...conditions), all(...conditions, cities), any(cities, { ...cities, isAny: false }), all(cities), all(alone)]) {
    expect(fromAddress(toAddress(list))).toEqual(list);
  }
  // Of one alone it says nothing whether it is enough.
  expect(fromAddress(toAddress(any(condition({}))))).toEqual(all(condition({})));
  expect(toAddress(all())).toBeUndefined();
  expect(toQuery(all(), NOW)).toBeUndefined();
});

test("addresses from before there were groups are read, and written as they were", () => {
  const pro = '{"path":"plan","kind":"text","operator":"is","value":"pro"}';
  for (const [address, list] of [
    [`[${pro},${pro}]`, all(condition({}), condition({}))],
    [`{"any":[${pro},${pro}]}`, any(condition({}), condition({}))],
  ] as const) {
    expect(fromAddress(address)).toEqual(list);
    expect(toAddress(list)).toBe(address);
  }
});

test("a group begins with a condition and goes with its last one", () => {
  const plan = all(condition({}));
  const begun = withPart(plan, newGroup(plan, city("Vienna")));
  // It does what those beside it do not.
  expect(begun).toEqual(all(condition({}), { conditions: [city("Vienna")], isAny: true }));
  expect(newGroup(any(), city("Vienna")).isAny).toBe(false);
  expect(withPartAt(begun, 1, cities)).toEqual(all(condition({}), cities));
  expect(withPartAt(begun, 1, { conditions: [], isAny: true })).toEqual(plan);
  expect(withPartAt(begun, 0, undefined).parts).toEqual([{ conditions: [city("Vienna")], isAny: true }]);
});

test("a list has as many conditions, values and bytes as the server takes", () => {
  const many = (count: number) => Array.from({ length: count }, () => condition({}));
  const edge = (most: number, list: (size: number) => Parameters<typeof fits>[0]) => expect([most, most + 1].map((size) => fits(list(size)))).toEqual([true, false]);
  edge(CONDITIONS_MAX, (count) => all(...many(count)));
  edge(CONDITIONS_MAX, (count) => all(...many(20), { conditions: many(count - 20), isAny: true }));
  edge(VALUES_MAX, (count) => all({ conditions: [condition({ operator: "any", value: Array(count).fill("a").join() })], isAny: true }));
  // As they are written in an address: an umlaut takes six bytes, a quotation mark six, a blank three.
  const address = new URLSearchParams([["", toAddress(all(condition({ value: "" }))) ?? ""]]).toString();
  const room = 6_500 - address.length;
  for (const [letter, bytes] of [["a", 1], ["ü", 6], ['"', 6], [" ", 3]] as const) edge(Math.floor(room / bytes), (count) => all(condition({ value: letter.repeat(count) })));
});

test("days of an address are counted back from one instant, until nobody asks any more", () => {
  const [week, month] = ["7", "30"].map((value) => toAddress(all(condition({ path: "lastActivity", kind: "date", operator: "within", value }))));
  const asked = queryOf(week, NOW);
  expect(asked).toBe(toQuery(fromAddress(week), NOW));
  expect(queryOf(month, NOW + 40_000)).toBe(toQuery(fromAddress(month), NOW + 40_000));
  expect(queryOf(week, NOW + 50_000)).toBe(asked);
  expect(queryOf(week, NOW + 110_000)).toBe(asked);
  expect(queryOf(week, NOW + 170_001)).toBe(toQuery(fromAddress(week), NOW + 170_001));
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

test.each(["", "no JSON", "{}", '[{"path":1}]', '[{"path":"a","kind":"date","operator":"after","value":"x"}]', '[{"path":"a","kind":"toString","operator":"is","value":""}]', '{"any":1}', '[{"path":"a","kind":"date","operator":"within","value":"-1"}]', '[{"any":[]}]', '[{"all":[{"path":1}]}]', '[{"any":[{"any":[{"path":"a","kind":"text","operator":"is","value":""}]}]}]', "[null,1]"])(
  "what is no condition in %j is passed over",
  (address) => expect(fromAddress(address).parts).toEqual([]),
);
