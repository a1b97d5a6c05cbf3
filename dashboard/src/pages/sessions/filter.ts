// Conditions as people choose them, and as the server reads them.
import type { Key } from "../../i18n";

export type Kind = "text" | "number" | "date" | "boolean";

export interface Field {
  path: string;
  text: Key;
  kind: Kind;
}

export const FIELDS: Field[] = [
  { path: "name", text: "field.name", kind: "text" },
  { path: "email", text: "field.email", kind: "text" },
  { path: "userId", text: "field.userId", kind: "text" },
  { path: "phone", text: "field.phone", kind: "text" },
  { path: "companyName", text: "field.companyName", kind: "text" },
  { path: "plan", text: "field.plan", kind: "text" },
  { path: "value", text: "field.value", kind: "number" },
  { path: "tags", text: "field.tags", kind: "text" },
  { path: "sessions", text: "field.sessions", kind: "number" },
  { path: "lang", text: "field.lang", kind: "text" },
  { path: "platform", text: "field.platform", kind: "text" },
  { path: "location.country", text: "field.country", kind: "text" },
  { path: "countFeedbackReports", text: "field.countFeedbackReports", kind: "number" },
  { path: "lastActivity", text: "field.lastActivity", kind: "date" },
  { path: "createdAt", text: "field.createdAt", kind: "date" },
  { path: "blocked", text: "field.blocked", kind: "boolean" },
  { path: "unsubscribed", text: "field.unsubscribed", kind: "boolean" },
];

export type Operator = "is" | "isNot" | "any" | "more" | "less" | "after" | "before" | "exists" | "missing";

export const OPERATORS: Record<Kind, Operator[]> = {
  text: ["is", "isNot", "any", "exists", "missing"],
  number: ["is", "isNot", "more", "less", "exists", "missing"],
  date: ["after", "before", "exists", "missing"],
  boolean: ["is", "isNot"],
};

export interface Condition {
  path: string;
  kind: Kind;
  operator: Operator;
  value: string;
}

export const needsValue = (operator: Operator) => operator !== "exists" && operator !== "missing";

/** Custom attributes may be texts, numbers or switches: what was typed tells. */
function scalar(value: string, kind: Kind, path: string): unknown {
  const trimmed = value.trim();
  if (kind === "boolean") return trimmed === "true";
  const loose = path.startsWith("customData.") || path.startsWith("eventData.");
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
  return OPERATORS[kind].includes(operator as Operator) && !(isDate && Number.isNaN(Date.parse(compared)));
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
