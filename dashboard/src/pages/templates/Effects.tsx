// What becomes of a ticket when a template is sent: chosen, and shown.
import { Group, Input, Pill, Select } from "@mantine/core";

import { useText, type Key } from "../../i18n";
import { useTeams } from "../../shell/project";
import { useTicketSettings } from "../inbox/query";
import { SET, type Changes } from "./actions";

type Field = (typeof SET)[number];

const LABELS: Record<Field, Key> = { status: "tickets.status", priority: "tickets.priority", processingTeam: "ticket.team" };
const PRIORITIES = ["LOW", "MEDIUM", "HIGH"] as const;

/** What each field may become. */
function useChoices(): Record<Field, { value: string; label: string }[]> {
  const { t } = useText();
  const settings = useTicketSettings();
  const teams = useTeams();
  return {
    status: (settings.data?.statuses ?? []).map(({ key, title }) => ({ value: key, label: title })),
    priority: PRIORITIES.map((value) => ({ value, label: t(`priority.${value}`) })),
    processingTeam: (teams.data ?? []).map(({ id, name }) => ({ value: id, label: name })),
  };
}

export function EffectFields({ changes, change }: { changes: Changes; change: (changes: Changes) => void }) {
  const { t } = useText();
  const choices = useChoices();
  return (
    <Input.Wrapper label={t("templates.effects")} labelElement="div">
      <Group gap="xs" align="flex-end">
        {SET.map((field) => (
          <Select
            key={field}
            w={170}
            label={t(LABELS[field])}
            placeholder={t("templates.noEffect")}
            data={choices[field]}
            value={changes[field] ?? null}
            clearable
            clearButtonProps={{ "aria-label": t("templates.noEffect") }}
            comboboxProps={{ withinPortal: false }}
            onChange={(to) => change({ ...changes, [field]: to ?? undefined })}
          />
        ))}
      </Group>
    </Input.Wrapper>
  );
}

/** Each with a button that takes it away, where that is wanted. */
export function Effects({ changes, remove }: { changes: Changes; remove?: (field: Field) => void }) {
  const { t } = useText();
  const choices = useChoices();
  const set = SET.filter((field) => changes[field] !== undefined);
  if (set.length === 0) return null;
  return (
    <Group gap={6} mt={6} role="group" aria-label={t("templates.effects")}>
      {set.map((field) => {
        const to = changes[field];
        const text = `${t(LABELS[field])} → ${choices[field].find(({ value }) => value === to)?.label ?? to}`;
        return (
          <Pill
            key={field}
            withRemoveButton={remove !== undefined}
            onRemove={() => remove?.(field)}
            removeButtonProps={{ "aria-label": t("templates.removeEffect", { effect: text }), "aria-hidden": false, tabIndex: 0 }}
          >
            {text}
          </Pill>
        );
      })}
    </Group>
  );
}
