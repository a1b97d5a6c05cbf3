// Conditions as people choose them, and as the server reads them.
import type { ComponentType } from "react";

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
  /** What stands before the name in the path, and what behind it. */
  before: string;
  after?: string;
  text: Key;
  nameText: Key;
  /** Of what kind they are; without one, what is typed tells. */
  kind?: Kind;
}

export type Operator = "is" | "isNot" | "any" | "more" | "less" | "after" | "before" | "exists" | "missing";

export const OPERATORS: Record<Kind, Operator[]> = {
  text: ["is", "isNot", "any", "exists", "missing"],
  number: ["is", "isNot", "more", "less", "exists", "missing"],
  date: ["after", "before", "exists", "missing"],
  boolean: ["is", "isNot"],
  choice: ["is", "isNot", "any"],
};

const MAY_MISS: Operator[] = ["exists", "missing"];

/** What may be said of a field. One that the project names itself may be a text or a number. */
export function operatorsOf(field: Pick<Field, "kind" | "mayMiss" | "one"> | undefined): Operator[] {
  if (!field) return [...new Set([...OPERATORS.text, ...OPERATORS.number])];
  const all = field.mayMiss ? [...OPERATORS[field.kind], ...MAY_MISS] : OPERATORS[field.kind];
  return field.one ? all.filter((operator) => operator !== "any") : all;
}

export interface Condition {
  path: string;
  kind: Kind;
  operator: Operator;
  value: string;
}

export const needsValue = (operator: Operator) => operator !== "exists" && operator !== "missing";

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

function test({ operator, value, kind, path }: Condition): unknown {
  switch (operator) {
    case "is":
      return scalar(value, kind, path);
    case "isNot":
      return { $ne: scalar(value, kind, path) };
    case "any":
      return { $in: value.split(",").map((one) => scalar(one, kind, path)) };
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

/** The value of `filter` in a request; nothing when there is no condition. */
export function toQuery(conditions: Condition[]): string | undefined {
  if (conditions.length === 0) return undefined;
  return JSON.stringify({ $and: conditions.map((condition) => ({ [condition.path]: test(condition) })) });
}

const isCondition = (value: unknown): value is Condition => {
  const { path, kind, operator, value: compared } = (value ?? {}) as Partial<Condition>;
  const known = kind !== undefined && Object.hasOwn(OPERATORS, kind);
  if (!known || typeof path !== "string" || typeof compared !== "string") return false;
  const isDate = kind === "date" && needsValue(operator as Operator);
  const isKnown = operatorsOf({ kind, mayMiss: kind === "choice" }).includes(operator as Operator);
  return isKnown && !(isDate && Number.isNaN(Date.parse(compared)));
};

/** The conditions in an address; what is none is passed over. */
export function fromAddress(text: string | undefined): Condition[] {
  try {
    const parsed: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(parsed) ? parsed.filter(isCondition) : [];
  } catch {
    return [];
  }
}

export function toAddress(conditions: Condition[]): string | undefined {
  return conditions.length === 0 ? undefined : JSON.stringify(conditions);
}

/** Two values of `filter`, of which both hold. */
export function both(one: string, other: string | undefined): string {
  return other === undefined ? one : JSON.stringify({ $and: [JSON.parse(one), JSON.parse(other)] });
}
