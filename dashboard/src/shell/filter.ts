// Conditions as people choose them, and as the server reads them.
import { useMemo, type ComponentType } from "react";

import type { Key } from "../i18n";

export type Kind = "text" | "number" | "date" | "boolean" | "choice";

export interface Field {
  path: string;
  text: Key;
  kind: Kind;
  /** Of a choice, what there is to choose from. */
  options?: { value: string; label: string }[];
  /** Of a choice, whether there may be nothing. */
  mayMiss?: boolean;
  /** Of a choice among too many to list: what finds one of them, and what one is called. */
  one?: { Choose: ComponentType<{ label: string; value: string; choose: (value: string) => void }>; Told: ComponentType<{ value: string }> };
}

/** Fields that the project names itself: each has a name beside. */
export interface NamedFields {
  id: string;
  /** What stands before the name in the path, and what behind it. */
  before: string;
  after?: string;
  text: Key;
  nameText: Key;
  /** What one is called, when that is more than its name. */
  told?: Key;
  /** Of what kind they are; without one, what is typed tells. */
  kind?: Kind;
}

const MAY_MISS = ["exists", "missing"] as const;
const LISTS = ["any", "none"] as const;
const AMOUNTS = ["more", "atLeast", "less", "atMost"] as const;
/** At a day and time, and so many days ago. */
const TIMES = ["after", "before"] as const;
const SPANS = ["within", "longerAgo"] as const;

export type Operator = "is" | "isNot" | (typeof LISTS | typeof AMOUNTS | typeof TIMES | typeof SPANS | typeof MAY_MISS)[number];

const OPERATORS: Record<Kind, Operator[]> = {
  text: ["is", "isNot", ...LISTS, ...MAY_MISS],
  number: ["is", "isNot", ...AMOUNTS, ...MAY_MISS],
  date: [...SPANS, ...TIMES, ...MAY_MISS],
  boolean: ["is", "isNot"],
  choice: ["is", "isNot", ...LISTS],
};

const isOneOf = <T extends Operator>(operators: readonly T[], operator: Operator): operator is T => (operators as readonly Operator[]).includes(operator);

/** What may be said of a field. One that the project names itself may be of any kind. */
export function operatorsOf(field: Pick<Field, "kind" | "mayMiss" | "one"> | undefined): Operator[] {
  if (!field) return [...new Set([...OPERATORS.text, ...OPERATORS.number, ...OPERATORS.date])];
  const all = field.mayMiss ? [...OPERATORS[field.kind], ...MAY_MISS] : OPERATORS[field.kind];
  return field.one ? all.filter((operator) => !isOneOf(LISTS, operator)) : all;
}

/** What is compared with: it follows from the field, or from what is said of it. */
export function kindOf(field: Pick<Field, "kind"> | undefined, operator: Operator): Kind {
  if (field) return field.kind;
  if (isOneOf(TIMES, operator) || isOneOf(SPANS, operator)) return "date";
  return isOneOf(AMOUNTS, operator) ? "number" : "text";
}

export interface Condition {
  path: string;
  kind: Kind;
  operator: Operator;
  /** Of several, with commas; of a day and time, the instant, so that it is the same one for whoever has the address. */
  value: string;
}

/** Conditions that count as one. */
export interface Group {
  conditions: Condition[];
  /** Whether one of them is enough. */
  isAny: boolean;
}

export type Part = Condition | Group;

/** What a list is narrowed down to. */
export interface Narrowed {
  parts: Part[];
  /** Whether one of them is enough. */
  isAny: boolean;
}

export const EVERYTHING: Narrowed = { parts: [], isAny: false };

export const isGroup = (part: Part): part is Group => !("path" in part);

export const withPart = (narrowed: Narrowed, part: Part): Narrowed => ({ ...narrowed, parts: [...narrowed.parts, part] });

/** A group is made of its first condition. It does what those beside it do not: otherwise it would say no more than they do. */
export const newGroup = (narrowed: Narrowed, condition: Condition): Group => ({ conditions: [condition], isAny: !narrowed.isAny });

/** The same with another part in the place of one; a group goes with its last condition. */
export function withPartAt(narrowed: Narrowed, index: number, part: Part | undefined): Narrowed {
  const isLeft = part && !(isGroup(part) && part.conditions.length === 0);
  return { ...narrowed, parts: isLeft ? narrowed.parts.with(index, part) : narrowed.parts.toSpliced(index, 1) };
}

export const needsValue = (operator: Operator) => !isOneOf(MAY_MISS, operator);
/** Whether there may be several values. */
export const isList = (operator: Operator) => isOneOf(LISTS, operator);
/** Whether the value is a number of days. */
export const isSpan = (operator: Operator) => isOneOf(SPANS, operator);

/** What may be of any kind. */
const LOOSE = /^(customData|eventData|attributes)\./;

/** Custom attributes may be texts, numbers or switches: what was typed tells. */
function scalar(value: string, kind: Kind, path: string): unknown {
  const trimmed = value.trim();
  if (kind === "boolean") return trimmed === "true";
  const loose = LOOSE.test(path);
  if (loose && (trimmed === "true" || trimmed === "false")) return trimmed === "true";
  if ((kind === "number" || loose) && trimmed !== "" && Number.isFinite(Number(trimmed))) return Number(trimmed);
  // A day and time without zone is that of the viewer.
  if (kind === "date") return new Date(trimmed).toISOString();
  return trimmed;
}

const DAY_MS = 86_400_000;

function test({ operator, value, kind, path }: Condition, now: number): unknown {
  const all = () => value.split(",").map((one) => scalar(one, kind, path));
  const daysAgo = () => new Date(now - Number(value) * DAY_MS).toISOString();
  switch (operator) {
    case "is":
      return scalar(value, kind, path);
    case "isNot":
      return { $ne: scalar(value, kind, path) };
    case "any":
      return { $in: all() };
    case "none":
      return { $nin: all() };
    case "within":
      return { $gte: daysAgo() };
    case "longerAgo":
      return { $lt: daysAgo() };
    case "atLeast":
      return { $gte: scalar(value, kind, path) };
    case "atMost":
      return { $lte: scalar(value, kind, path) };
    case "more":
    case "after":
      return { $gt: scalar(value, kind, path) };
    case "less":
    case "before":
      return { $lt: scalar(value, kind, path) };
    case "exists":
    case "missing":
      return { $exists: operator === "exists" };
  }
}

/** The value of `filter` in a request at an instant; nothing when there is no condition. */
export function toQuery({ parts, isAny }: Narrowed, now: number): string | undefined {
  if (parts.length === 0) return undefined;
  const together = (isAny: boolean, asked: object[]) => ({ [isAny ? "$or" : "$and"]: asked });
  const asked = (condition: Condition) => ({ [condition.path]: test(condition, now) });
  return JSON.stringify(together(isAny, parts.map((part) => (isGroup(part) ? together(part.isAny, part.conditions.map(asked)) : asked(part)))));
}

/** How long the instant of an address is kept that nobody asks for: longer than a page takes to load. */
const INSTANT_KEPT_MS = 60_000;
const instants = new Map<string, { at: number; used: number }>();

/** The instant from which the days of an address are counted back. */
function instantOf(address: string, now: number): number {
  for (const [known, { used }] of instants) if (now - used > INSTANT_KEPT_MS) instants.delete(known);
  const at = instants.get(address)?.at ?? now;
  instants.set(address, { at, used: now });
  return at;
}

/** What the server is asked by the conditions of an address: the same when a page is asked for ahead and when it is drawn. */
export const queryOf = (address: string | undefined, now: number) => toQuery(fromAddress(address), instantOf(address ?? "", now));

/** The conditions of an address, and what the server is asked by them. Days are counted back from when they were set, or the page was opened. */
export function useNarrowed(address: string | undefined): { narrowed: Narrowed; query: string | undefined } {
  return useMemo(() => ({ narrowed: fromAddress(address), query: queryOf(address, Date.now()) }), [address]);
}

/** What a list may have, well within what the server takes: an inbox adds the conditions of its view, a request its order and place. */
export const CONDITIONS_MAX = 50;
export const VALUES_MAX = 100;
const BYTES_MAX = 6_500;

/** Bytes of a text in a query string, however it is written there. */
const bytesOf = (text = "") => new URLSearchParams({ "": text }).toString().replaceAll("+", "%20").length;

/** Whether the server takes a list as it is. */
export function fits(narrowed: Narrowed): boolean {
  const conditions = narrowed.parts.flatMap((part) => (isGroup(part) ? part.conditions : part));
  if (conditions.length > CONDITIONS_MAX) return false;
  if (conditions.some(({ operator, value }) => isList(operator) && value.split(",").length > VALUES_MAX)) return false;
  return [toAddress(narrowed), toQuery(narrowed, 0)].every((text) => bytesOf(text) <= BYTES_MAX);
}

const isCondition = (value: unknown): value is Condition => {
  const { path, kind, operator, value: compared } = (value ?? {}) as Partial<Condition>;
  const known = kind !== undefined && Object.hasOwn(OPERATORS, kind);
  if (!known || typeof path !== "string" || typeof compared !== "string") return false;
  const isKnown = operatorsOf({ kind, mayMiss: kind === "choice" }).includes(operator as Operator);
  if (!isKnown) return false;
  if (isSpan(operator as Operator)) return DAYS.test(compared);
  return kind !== "date" || !needsValue(operator as Operator) || !Number.isNaN(Date.parse(compared));
};

/** As many as there may be days: the beginning of time stays in reach. */
const DAYS = /^\d{1,5}$/;

/** Whether a condition may be made of these. */
export const isDays = (value: string) => DAYS.test(value.trim());

/** Conditions of which all hold are an array, or `all` of an object; those of which one is enough are `any` of an object. */
function listed(value: unknown): { all: unknown[]; isAny: boolean } | undefined {
  const { any, all } = (value ?? {}) as { any?: unknown; all?: unknown };
  const list = any ?? all ?? value;
  return Array.isArray(list) ? { all: list, isAny: any !== undefined } : undefined;
}

function partOf(value: unknown): Part[] {
  if (isCondition(value)) return [value];
  const group = listed(value);
  const conditions = group?.all.filter(isCondition) ?? [];
  return group && conditions.length > 0 ? [{ conditions, isAny: group.isAny }] : [];
}

/** The conditions in an address; what is none is passed over. */
export function fromAddress(text: string | undefined): Narrowed {
  try {
    const found = listed(JSON.parse(text ?? "[]"));
    return found ? { parts: found.all.flatMap(partOf), isAny: found.isAny } : EVERYTHING;
  } catch {
    return EVERYTHING;
  }
}

/** All of them are an array, one of them is enough in an object; a group is always an object. */
export function toAddress({ parts, isAny }: Narrowed): string | undefined {
  if (parts.length === 0) return undefined;
  const all = parts.map((part) => (isGroup(part) ? { [part.isAny ? "any" : "all"]: part.conditions } : part));
  return JSON.stringify(isAny && parts.length > 1 ? { any: all } : all);
}

/** Two values of `filter`, of which both hold. */
export function both(one: string, other: string | undefined): string {
  return other === undefined ? one : JSON.stringify({ $and: [JSON.parse(one), JSON.parse(other)] });
}
