import { Button, Group, Pill, Popover, Select, Stack, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconFilter } from "@tabler/icons-react";
import { useState } from "react";

import { useText } from "../../i18n";
import { FIELDS, needsValue, OPERATORS, type Condition, type Kind, type Operator } from "./filter";

const CUSTOM = "customData";
const EVENT = "eventData";

export function FilterBuilder({ conditions, change }: { conditions: Condition[]; change: (conditions: Condition[]) => void }) {
  const { t } = useText();
  const [opened, { toggle, close }] = useDisclosure();
  return (
    <Group gap="xs">
      <Popover opened={opened} onChange={(open) => !open && close()} position="bottom-start" trapFocus withinPortal>
        <Popover.Target>
          <Button variant="default" leftSection={<IconFilter size={16} aria-hidden />} onClick={toggle}>
            {t("sessions.addFilter")}
          </Button>
        </Popover.Target>
        <Popover.Dropdown>
          <ConditionForm
            add={(condition) => {
              change([...conditions, condition]);
              close();
            }}
          />
        </Popover.Dropdown>
      </Popover>
      {conditions.map((condition, index) => (
        <ConditionPill key={`${index} ${condition.path}`} condition={condition} remove={() => change(conditions.toSpliced(index, 1))} />
      ))}
      {conditions.length > 0 && (
        <Button variant="subtle" size="compact-sm" onClick={() => change([])}>
          {t("sessions.clearFilters")}
        </Button>
      )}
    </Group>
  );
}

function ConditionPill({ condition, remove }: { condition: Condition; remove: () => void }) {
  const { t, date } = useText();
  const { path, operator, value, kind } = condition;
  const field = FIELDS.find((known) => known.path === path);
  const name = field ? t(field.text) : path.replace(/^(customData|eventData)\./, "").replace(/\.count$/, "");
  const compared = !needsValue(operator) ? "" : kind === "date" ? date(value) : kind === "boolean" ? t(value === "true" ? "app.yes" : "app.no") : value;
  const text = `${name} ${t(`filter.${operator}`)} ${compared}`.trim();
  return (
    <Pill withRemoveButton size="md" onRemove={remove} removeButtonProps={{ "aria-label": t("filter.remove", { condition: text }), "aria-hidden": false, tabIndex: 0 }}>
      {text}
    </Pill>
  );
}

function ConditionForm({ add }: { add: (condition: Condition) => void }) {
  const { t } = useText();
  const [chosen, setChosen] = useState("plan");
  const [name, setName] = useState("");
  const [operator, setOperator] = useState<Operator>("is");
  const [value, setValue] = useState("");
  const kind: Kind = chosen === EVENT ? "number" : (FIELDS.find(({ path }) => path === chosen)?.kind ?? "number");
  // A custom attribute may be a text too.
  const operators = chosen === CUSTOM ? [...new Set([...OPERATORS.text, ...OPERATORS.number])] : OPERATORS[kind];
  const effective = operators.includes(operator) ? operator : (operators[0] ?? "is");
  const isNamed = chosen === CUSTOM || chosen === EVENT;
  const path = chosen === CUSTOM ? `customData.${name.trim()}` : chosen === EVENT ? `eventData.${name.trim()}.count` : chosen;
  const conditionKind = chosen === CUSTOM ? (OPERATORS.number.includes(effective) ? "number" : "text") : kind;
  const isReady = (!isNamed || name.trim() !== "") && (!needsValue(effective) || value.trim() !== "" || kind === "boolean");
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady) add({ path, kind: conditionKind, operator: effective, value: kind === "boolean" ? value || "true" : value });
      }}
    >
      <Stack gap="sm" w={260}>
        <Select
          label={t("filter.field")}
          data={[
            ...FIELDS.map(({ path, text }) => ({ value: path, label: t(text) })),
            { value: CUSTOM, label: t("filter.custom") },
            { value: EVENT, label: t("filter.event") },
          ]}
          value={chosen}
          onChange={(field) => {
            if (!field) return;
            setChosen(field);
            setValue("");
          }}
          searchable
          allowDeselect={false}
          comboboxProps={{ withinPortal: false }}
        />
        {isNamed && (
          <TextInput label={t(chosen === CUSTOM ? "filter.customName" : "filter.eventName")} value={name} onChange={(event) => setName(event.currentTarget.value)} />
        )}
        <Select
          label={t("filter.operator")}
          data={operators.map((operator) => ({ value: operator, label: t(`filter.${operator}`) }))}
          value={effective}
          onChange={(chosen) => chosen && setOperator(chosen as Operator)}
          allowDeselect={false}
          comboboxProps={{ withinPortal: false }}
        />
        {needsValue(effective) &&
          (kind === "boolean" ? (
            <Select
              label={t("filter.value")}
              data={[
                { value: "true", label: t("app.yes") },
                { value: "false", label: t("app.no") },
              ]}
              value={value || "true"}
              onChange={(chosen) => setValue(chosen ?? "true")}
              allowDeselect={false}
              comboboxProps={{ withinPortal: false }}
            />
          ) : (
            <TextInput
              label={t("filter.value")}
              type={kind === "date" ? "datetime-local" : "text"}
              inputMode={kind === "number" && !isNamed ? "decimal" : "text"}
              value={value}
              onChange={(event) => setValue(event.currentTarget.value)}
            />
          ))}
        <Button type="submit" disabled={!isReady}>
          {t("filter.apply")}
        </Button>
      </Stack>
    </form>
  );
}
