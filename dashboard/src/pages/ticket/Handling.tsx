// What becomes of a ticket: status, priority, who works on it, until when it sleeps.
import { Button, Group, Menu, Select, TagsInput } from "@mantine/core";
import { IconArchive, IconClock, IconMailOpened } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";

import { api, type Ticket } from "../../api/client";
import { useText } from "../../i18n";
import { useTell } from "../../shell/parts";
import { nameOfMember, useMay, useMe, useMembers, useProjectId, useTeams } from "../../shell/project";
import { useShortcuts } from "../../shell/shortcuts";
import { useTicketSettings } from "../inbox/query";
import { useChange, type Versioned } from "./query";

const PRIORITIES = ["LOW", "MEDIUM", "HIGH"] as const;
const SNOOZES = [
  { text: "ticket.snoozeHours", hours: 3 },
  { text: "ticket.snoozeDay", hours: 24 },
  { text: "ticket.snoozeWeek", hours: 168 },
] as const;

export function Handling({ loaded }: { loaded: Versioned }) {
  const { t } = useText();
  const { ticket } = loaded;
  const may = useMay("tickets:write");
  const me = useMe();
  const members = useMembers();
  const settings = useTicketSettings();
  const teams = useTeams();
  const change = useChange();
  const set = (field: keyof Ticket, value: unknown, base = loaded) => change.mutate({ field, value, base });
  const isBusy = change.isPending || !may;
  const statuses = settings.data?.statuses ?? [];
  const done = statuses.find(({ closed }) => closed)?.key;
  useShortcuts(
    may && {
      d: () => done && set("status", done),
      i: () => me.data && set("processingUser", me.data.id),
      e: () => set("archived", !ticket.archived),
      u: () => set("notificationsUnread", true),
    },
  );
  return (
    <>
      <Group gap="xs" mt="sm" align="flex-end">
        <Choice
          label={t("tickets.status")}
          choices={known(statuses.map(({ key, title }) => ({ value: key, label: title })), ticket.status)}
          value={ticket.status}
          loaded={loaded}
          disabled={isBusy}
          choose={(status, base) => set("status", status, base)}
        />
        <Choice
          label={t("tickets.priority")}
          choices={PRIORITIES.map((priority) => ({ value: priority, label: t(`priority.${priority}`) }))}
          value={ticket.priority}
          loaded={loaded}
          disabled={isBusy}
          choose={(priority, base) => set("priority", priority, base)}
        />
        <Choice
          label={t("ticket.assigned")}
          nothing={t("ticket.nobody")}
          choices={(members.data ?? []).map((member) => ({ value: member.id, label: nameOfMember(member) }))}
          value={ticket.processingUser?.id ?? null}
          loaded={loaded}
          disabled={isBusy}
          choose={(member, base) => set("processingUser", member, base)}
        />
        {(teams.data?.length ?? 0) > 0 && (
          <Choice
            label={t("ticket.team")}
            nothing={t("ticket.noTeam")}
            choices={(teams.data ?? []).map(({ id, name }) => ({ value: id, label: name }))}
            value={ticket.processingTeam ?? null}
            loaded={loaded}
            disabled={isBusy}
            choose={(team, base) => set("processingTeam", team, base)}
          />
        )}
        {may && (
          <>
            <Snooze ticket={ticket} />
            <Button
              variant="default"
              size="xs"
              leftSection={<IconArchive size={15} aria-hidden />}
              loading={change.isPending && change.variables.field === "archived"}
              onClick={() => set("archived", !ticket.archived)}
            >
              {t(ticket.archived ? "ticket.unarchive" : "ticket.archive")}
            </Button>
            {!ticket.notificationsUnread && (
              <Button variant="default" size="xs" leftSection={<IconMailOpened size={15} aria-hidden />} onClick={() => set("notificationsUnread", true)}>
                {t("ticket.markUnread")}
              </Button>
            )}
          </>
        )}
      </Group>
      <TagsInput
        size="xs"
        mt="xs"
        aria-label={t("field.tags")}
        placeholder={may && ticket.tags.length === 0 ? t("session.addTag") : ""}
        value={ticket.tags}
        disabled={isBusy}
        onChange={(tags) => set("tags", tags)}
      />
    </>
  );
}

/** Those that are known, and the one that holds when it is none of them. */
const known = (choices: { value: string; label: string }[], now: string) =>
  choices.some(({ value }) => value === now) ? choices : [...choices, { value: now, label: now }];

interface ChoiceProps {
  label: string;
  choices: { value: string; label: string }[];
  value: string | null;
  /** What it is called when nothing is chosen; without it something has to be. */
  nothing?: string;
  loaded: Versioned;
  disabled: boolean;
  choose: (value: string | null, base: Versioned) => void;
}

function Choice({ label, choices, value, nothing, loaded, disabled, choose }: ChoiceProps) {
  // What was shown when the list opened is what the choice is about, whatever arrives meanwhile.
  const base = useRef(loaded);
  return (
    <Select
      size="xs"
      w={150}
      label={label}
      data={choices}
      value={value}
      placeholder={nothing}
      disabled={disabled}
      allowDeselect={false}
      clearable={nothing !== undefined}
      clearButtonProps={{ "aria-label": nothing }}
      onDropdownOpen={() => (base.current = loaded)}
      onChange={(chosen) => choose(chosen, base.current)}
    />
  );
}

function Snooze({ ticket }: { ticket: Ticket }) {
  const { t, date } = useText();
  const project = useProjectId();
  const queries = useQueryClient();
  const tell = useTell();
  const [opened, setOpened] = useState(false);
  useShortcuts({ s: () => setOpened(true) });
  const snooze = useMutation({
    mutationFn: (duration: number) => api.PUT("/v3/tickets/{ticketId}/snooze", { params: { path: { ticketId: ticket.id }, header: { project } }, body: { duration } }),
    onSuccess: () => tell.done(t("session.saved")),
    onError: tell.failed,
    onSettled: () => {
      for (const kind of ["tickets", "counts"]) void queries.invalidateQueries({ queryKey: [kind, project] });
      void queries.invalidateQueries({ queryKey: ["ticket", project, ticket.id] });
    },
  });
  return (
    <Menu opened={opened} onChange={setOpened} position="bottom-start">
      <Menu.Target>
        <Button variant={ticket.snoozed ? "light" : "default"} size="xs" leftSection={<IconClock size={15} aria-hidden />} loading={snooze.isPending}>
          {ticket.snoozed && ticket.snoozedUntil ? t("ticket.snoozedUntil", { when: date(ticket.snoozedUntil) }) : t("ticket.snooze")}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {SNOOZES.map(({ text, hours }) => (
          <Menu.Item key={hours} onClick={() => snooze.mutate(hours)}>
            {t(text, { count: hours })}
          </Menu.Item>
        ))}
        {ticket.snoozed && <Menu.Item onClick={() => snooze.mutate(0)}>{t("ticket.wake")}</Menu.Item>}
      </Menu.Dropdown>
    </Menu>
  );
}
