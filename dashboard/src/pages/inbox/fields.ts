// What tickets are filtered by.
import { useText } from "../../i18n";
import type { Field, NamedFields } from "../../shell/filter";
import { nameOfMember, useMembers, useTeams } from "../../shell/project";
import { useTicketSettings } from "./query";
import { ChooseSession, SessionName } from "./sessionField";

const PRIORITIES = ["LOW", "MEDIUM", "HIGH"] as const;

export const NAMED: NamedFields[] = [
  { id: "form", before: "formData.", text: "filter.form", nameText: "filter.formName", kind: "text" },
  { id: "attribute", before: "attributes.", text: "filter.attribute", nameText: "filter.customName" },
  { id: "custom", before: "customData.", text: "filter.customData", nameText: "filter.customName" },
];

export function useTicketFields(): Field[] {
  const { t } = useText();
  const settings = useTicketSettings();
  const members = useMembers();
  const teams = useTeams();
  const named = (known: { key: string; title: string }[] | undefined) => (known ?? []).map(({ key, title }) => ({ value: key, label: title }));
  return [
    { path: "status", text: "tickets.status", kind: "choice", options: named(settings.data?.statuses) },
    { path: "type", text: "tickets.type", kind: "choice", options: named(settings.data?.types) },
    { path: "priority", text: "tickets.priority", kind: "choice", options: PRIORITIES.map((value) => ({ value, label: t(`priority.${value}`) })) },
    { path: "processingUser", text: "ticket.assigned", kind: "choice", mayMiss: true, options: (members.data ?? []).map((member) => ({ value: member.id, label: nameOfMember(member) })) },
    { path: "processingTeam", text: "ticket.team", kind: "choice", mayMiss: true, options: (teams.data ?? []).map(({ id, name }) => ({ value: id, label: name })) },
    { path: "session", text: "tickets.from", kind: "choice", mayMiss: true, one: { Choose: ChooseSession, Told: SessionName } },
    { path: "tags", text: "field.tags", kind: "text" },
    { path: "createdAt", text: "tickets.created", kind: "date" },
    { path: "lastNotification", text: "filter.lastNotification", kind: "date" },
    { path: "notificationsUnread", text: "filter.unread", kind: "boolean" },
    { path: "hasAgentReply", text: "filter.answered", kind: "boolean" },
    { path: "archived", text: "filter.archived", kind: "boolean" },
  ];
}
