// Conditions of a list, chosen one by one.
import { ActionIcon, Button, Group, MultiSelect, Pill, Popover, Select, Stack, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconFilter } from "@tabler/icons-react";
import { useRef, useState, type ReactNode } from "react";

import { useText } from "../i18n";
import { needsValue, operatorsOf, type Condition, type Field, type NamedFields, type Operator } from "./filter";

export interface FilterProps {
  conditions: Condition[];
  change: (conditions: Condition[]) => void;
  fields: Field[];
  named: NamedFields[];
}

/** The button that adds a condition, and beside it what is there; `isSmall` of the button. */
export function FilterBuilder(props: FilterProps) {
  return (
    <Group gap="xs">
      <AddCondition {...props} />
      <Conditions {...props} />
    </Group>
  );
}

export function AddCondition({ conditions, change, fields, named, isSmall = false }: FilterProps & { isSmall?: boolean }) {
  const { t } = useText();
  const [opened, { toggle, close }] = useDisclosure();
  const button = useRef<HTMLButtonElement>(null);
  const leave = (event: React.KeyboardEvent) => {
    // The first Escape is for the list that is open, and closes that.
    const isForList = event.target instanceof Element && event.target.getAttribute("aria-expanded") === "true";
    if (event.key !== "Escape" || isForList) return;
    close();
    button.current?.focus();
  };
  return (
    <Popover opened={opened} onChange={(open) => !open && close()} position="bottom-start" trapFocus withinPortal closeOnEscape={false}>
      <Popover.Target>
        {isSmall ? (
          <ActionIcon ref={button} variant={conditions.length > 0 ? "light" : "default"} size={36} title={t("sessions.addFilter")} aria-label={t("sessions.addFilter")} onClick={toggle}>
            <IconFilter size={16} />
          </ActionIcon>
        ) : (
          <Button ref={button} variant="default" leftSection={<IconFilter size={16} aria-hidden />} onClick={toggle}>
            {t("sessions.addFilter")}
          </Button>
        )}
      </Popover.Target>
      <Popover.Dropdown onKeyDownCapture={leave}>
        <ConditionForm
          fields={fields}
          named={named}
          add={(condition) => {
            change([...conditions, condition]);
            close();
          }}
        />
      </Popover.Dropdown>
    </Popover>
  );
}

/** What is there, each with a button that takes it away. */
export function Conditions({ conditions, change, fields, named }: FilterProps) {
  const { t } = useText();
  return (
    <>
      {conditions.map((condition, index) => (
        <ConditionPill key={`${index} ${condition.path}`} condition={condition} fields={fields} named={named} remove={() => change(conditions.toSpliced(index, 1))} />
      ))}
      {conditions.length > 0 && (
        <Button variant="subtle" size="compact-sm" onClick={() => change([])}>
          {t("sessions.clearFilters")}
        </Button>
      )}
    </>
  );
}

function ConditionPill({ condition, fields, named, remove }: { condition: Condition; fields: Field[]; named: NamedFields[]; remove: () => void }) {
  const { t, date } = useText();
  const { path, operator, value, kind } = condition;
  const field = fields.find((known) => known.path === path);
  const group = named.find(({ before }) => path.startsWith(before));
  const name = field ? t(field.text) : group ? path.slice(group.before.length, path.length - (group.after?.length ?? 0)) : path;
  const told = (value: string) => field?.options?.find((option) => option.value === value)?.label ?? value;
  const compared = () => {
    if (!needsValue(operator)) return "";
    if (kind === "date") return date(value);
    if (kind === "boolean") return t(value === "true" ? "app.yes" : "app.no");
    return kind === "choice" ? value.split(",").map(told).join(", ") : value;
  };
  const Told = field?.one?.Told;
  const isNamed = Told !== undefined && needsValue(operator);
  const text = `${name} ${t(operator === "any" && kind === "choice" ? "filter.oneOf" : `filter.${operator}`)} ${compared()}`.trim();
  return (
    <Pill withRemoveButton size="md" maw="100%" onRemove={remove} removeButtonProps={{ "aria-label": t("filter.remove", { condition: text }), "aria-hidden": false, tabIndex: 0 }}>
      {isNamed ? (
        <>
          {name} {t(`filter.${operator}`)} <Told value={value} />
        </>
      ) : (
        text
      )}
    </Pill>
  );
}

function ConditionForm({ fields, named, add }: { fields: Field[]; named: NamedFields[]; add: (condition: Condition) => void }) {
  const { t } = useText();
  const [chosen, setChosen] = useState(fields[0]?.path ?? "");
  const [name, setName] = useState("");
  const [operator, setOperator] = useState<Operator>("is");
  const [value, setValue] = useState("");
  const group = named.find(({ before }) => before === chosen);
  const field = group ? group.kind && { kind: group.kind } : fields.find(({ path }) => path === chosen);
  const operators = operatorsOf(field);
  const effective = operators.includes(operator) ? operator : (operators[0] ?? "is");
  const path = group ? `${group.before}${name.trim()}${group.after ?? ""}` : chosen;
  const kind = field?.kind ?? (operatorsOf({ kind: "number" }).includes(effective) ? "number" : "text");
  const isReady = (!group || name.trim() !== "") && (!needsValue(effective) || value.trim() !== "" || kind === "boolean");
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady) add({ path, kind, operator: effective, value: kind === "boolean" ? value || "true" : value });
      }}
    >
      <Stack gap="sm" w={260}>
        <Select
          label={t("filter.field")}
          data={[...fields.map(({ path, text }) => ({ value: path, label: t(text) })), ...named.map(({ before, text }) => ({ value: before, label: t(text) }))]}
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
        {group && <TextInput label={t(group.nameText)} value={name} onChange={(event) => setName(event.currentTarget.value)} />}
        <Select
          label={t("filter.operator")}
          data={operators.map((operator) => ({ value: operator, label: t(operator === "any" && kind === "choice" ? "filter.oneOf" : `filter.${operator}`) }))}
          value={effective}
          onChange={(chosen) => {
            if (!chosen) return;
            // One value and several are written in different ways.
            if ((chosen === "any") !== (effective === "any")) setValue("");
            setOperator(chosen as Operator);
          }}
          allowDeselect={false}
          comboboxProps={{ withinPortal: false }}
        />
        {needsValue(effective) && <Value field={field} isLoose={group !== undefined} isList={effective === "any"} value={value} setValue={setValue} />}
        <Button type="submit" disabled={!isReady}>
          {t("filter.apply")}
        </Button>
      </Stack>
    </form>
  );
}

interface ValueProps {
  field: Partial<Field> | undefined;
  /** Whether it may be of any kind. */
  isLoose: boolean;
  /** Whether there may be several. */
  isList: boolean;
  value: string;
  setValue: (value: string) => void;
}

function Value({ field, isLoose, isList, value, setValue }: ValueProps): ReactNode {
  const { t } = useText();
  const label = t("filter.value");
  const comboboxProps = { withinPortal: false };
  if (field?.kind === "boolean") {
    const data = [
      { value: "true", label: t("app.yes") },
      { value: "false", label: t("app.no") },
    ];
    return <Select label={label} data={data} value={value || "true"} onChange={(chosen) => setValue(chosen ?? "true")} allowDeselect={false} comboboxProps={comboboxProps} />;
  }
  if (field?.one) return <field.one.Choose label={label} value={value} choose={setValue} />;
  if (field?.kind === "choice") {
    const data = field.options ?? [];
    if (isList) return <MultiSelect label={label} data={data} value={value.split(",").filter(Boolean)} onChange={(all) => setValue(all.join(","))} searchable comboboxProps={comboboxProps} />;
    return <Select label={label} data={data} value={value || null} onChange={(chosen) => setValue(chosen ?? "")} searchable comboboxProps={comboboxProps} />;
  }
  return (
    <TextInput
      label={label}
      type={field?.kind === "date" ? "datetime-local" : "text"}
      inputMode={field?.kind === "number" && !isLoose ? "decimal" : "text"}
      value={value}
      onChange={(event) => setValue(event.currentTarget.value)}
    />
  );
}
