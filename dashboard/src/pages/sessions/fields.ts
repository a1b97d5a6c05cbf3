// What sessions are filtered by.
import type { Field, NamedFields } from "../../shell/filter";

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

export const NAMED: NamedFields[] = [
  { id: "custom", before: "customData.", text: "filter.custom", nameText: "filter.customName" },
  { id: "event", before: "eventData.", after: ".count", text: "filter.event", nameText: "filter.eventName", kind: "number", told: "filter.eventCount" },
  { id: "eventFirst", before: "eventData.", after: ".firstAt", text: "filter.eventFirst", nameText: "filter.eventName", kind: "date", told: "filter.eventFirstOf" },
  { id: "eventLast", before: "eventData.", after: ".lastAt", text: "filter.eventLast", nameText: "filter.eventName", kind: "date", told: "filter.eventLastOf" },
];
