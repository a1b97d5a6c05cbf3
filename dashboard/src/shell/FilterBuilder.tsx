// Conditions of a list, chosen one by one, and groups of them.
import { ActionIcon, Button, Group, MultiSelect, Pill, Popover, SegmentedControl, Select, Stack, Text, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconFilter, IconPlus } from "@tabler/icons-react";
import { useRef, useState, type ReactElement, type ReactNode, type RefObject } from "react";

import { useText, type Key } from "../i18n";
import {
  CONDITIONS_MAX,
  EVERYTHING,
  fits,
  isDays,
  isGroup,
  isList,
  isSpan,
  kindOf,
  needsValue,
  newGroup,
  operatorsOf,
  VALUES_MAX,
  withPart,
  withPartAt,
  type Condition,
  type Field,
  type Group as Conditioned,
  type Kind,
  type NamedFields,
  type Narrowed,
  type Operator,
} from "./filter";
import { instantOf, OWN_ZONE, zones } from "./zones";

export interface FilterProps {
  narrowed: Narrowed;
  change: (narrowed: Narrowed) => void;
  fields: Field[];
  named: NamedFields[];
}

/** The button that adds a condition, and beside it what is there. */
export function FilterBuilder(props: FilterProps) {
  return (
    <Group className="conditions" gap="xs">
      <AddCondition {...props} />
      <Conditions {...props} />
    </Group>
  );
}

interface AddingProps extends Omit<FilterProps, "narrowed"> {
  /** What the list becomes by a condition. */
  adding: (condition: Condition) => Narrowed;
  button: (props: { ref: RefObject<HTMLButtonElement | null>; onClick: () => void }) => ReactElement;
}

/** A button, and the form of a condition that it opens. */
function Adding({ adding, change, fields, named, button }: AddingProps) {
  const [opened, { toggle, close }] = useDisclosure();
  const ref = useRef<HTMLButtonElement>(null);
  const leave = () => {
    close();
    ref.current?.focus();
  };
  const onKey = (event: React.KeyboardEvent) => {
    // The first Escape is for the list that is open, and closes that.
    const isForList = event.target instanceof Element && event.target.getAttribute("aria-expanded") === "true";
    if (event.key === "Escape" && !isForList) leave();
  };
  return (
    <Popover opened={opened} onChange={(open) => !open && close()} position="bottom-start" trapFocus withinPortal closeOnEscape={false}>
      <Popover.Target>{button({ ref, onClick: toggle })}</Popover.Target>
      <Popover.Dropdown onKeyDownCapture={onKey}>
        <ConditionForm
          fields={fields}
          named={named}
          add={(condition) => {
            const next = adding(condition);
            if (!fits(next)) return false;
            change(next);
            leave();
            return true;
          }}
        />
      </Popover.Dropdown>
    </Popover>
  );
}

/** `isSmall` where there is no room for its text. */
export function AddCondition({ narrowed, isSmall = false, ...props }: FilterProps & { isSmall?: boolean }) {
  const { t } = useText();
  return (
    <Adding
      {...props}
      adding={(condition) => withPart(narrowed, condition)}
      button={(button) =>
        isSmall ? (
          <ActionIcon {...button} variant={narrowed.parts.length > 0 ? "light" : "default"} size={36} title={t("sessions.addFilter")} aria-label={t("sessions.addFilter")}>
            <IconFilter size={16} />
          </ActionIcon>
        ) : (
          <Button {...button} variant="default" leftSection={<IconFilter size={16} aria-hidden />}>
            {t("sessions.addFilter")}
          </Button>
        )
      }
    />
  );
}

/** What is there, each with a button that takes it away; of several, whether all must hold. */
export function Conditions({ narrowed, ...props }: FilterProps) {
  const { t } = useText();
  const { change } = props;
  const { parts, isAny } = narrowed;
  if (parts.length === 0) return null;
  const groups = parts.filter(isGroup);
  return (
    <>
      {parts.length > 1 && <HowMany isAny={isAny} change={(isAny) => change({ parts, isAny })} />}
      {parts.map((part, index) =>
        isGroup(part) ? (
          <ConditionGroup key={index} {...props} number={groups.indexOf(part) + 1} group={part} become={(group) => withPartAt(narrowed, index, group)} />
        ) : (
          <ConditionPill key={`${index} ${part.path}`} {...props} condition={part} remove={() => change(withPartAt(narrowed, index, undefined))} />
        ),
      )}
      <Adding
        {...props}
        adding={(condition) => withPart(narrowed, newGroup(narrowed, condition))}
        button={(button) => (
          <Button {...button} variant="subtle" size="compact-sm" leftSection={<IconPlus size={14} aria-hidden />}>
            {t("filter.addGroup")}
          </Button>
        )}
      />
      <Button variant="subtle" size="compact-sm" onClick={() => change(EVERYTHING)}>
        {t("sessions.clearFilters")}
      </Button>
    </>
  );
}

function HowMany({ isAny, change }: { isAny: boolean; change: (isAny: boolean) => void }) {
  const { t } = useText();
  return (
    <SegmentedControl
      size="xs"
      aria-label={t("filter.howMany")}
      data={["all", "any"].map((many) => ({ value: many, label: t(many === "any" ? "filter.anyHolds" : "filter.allHold") }))}
      value={isAny ? "any" : "all"}
      onChange={(many) => change(many === "any")}
    />
  );
}

interface ConditionGroupProps extends Omit<FilterProps, "narrowed"> {
  /** Which one it is of the list, from 1 on. */
  number: number;
  group: Conditioned;
  /** What the list becomes when the group does. */
  become: (group: Conditioned) => Narrowed;
}

function ConditionGroup({ number, group, become, ...props }: ConditionGroupProps) {
  const { t } = useText();
  const { change } = props;
  const { conditions } = group;
  return (
    <Group className="condition-group" gap={6} role="group" aria-label={t("filter.group", { number })}>
      {conditions.length > 1 && <HowMany isAny={group.isAny} change={(isAny) => change(become({ conditions, isAny }))} />}
      {conditions.map((condition, index) => (
        <ConditionPill key={`${index} ${condition.path}`} {...props} condition={condition} remove={() => change(become({ ...group, conditions: conditions.toSpliced(index, 1) }))} />
      ))}
      <Adding
        {...props}
        adding={(condition) => become({ ...group, conditions: [...conditions, condition] })}
        button={(button) => (
          <ActionIcon {...button} variant="subtle" size={24} title={t("filter.addTo", { number })} aria-label={t("filter.addTo", { number })}>
            <IconPlus size={14} />
          </ActionIcon>
        )}
      />
    </Group>
  );
}

const toldOf = (operator: Operator): Key => (operator === "any" ? "filter.oneOf" : operator === "none" ? "filter.noneOf" : `filter.${operator}`);
/** The same where it is chosen: values that are typed need to be told how. */
const textOf = (operator: Operator, kind: Kind): Key => (kind === "choice" ? toldOf(operator) : `filter.${operator}`);

function ConditionPill({ condition, fields, named, remove }: Pick<FilterProps, "fields" | "named"> & { condition: Condition; remove: () => void }) {
  const { t, number, instant } = useText();
  const { path, operator, value, kind } = condition;
  const field = fields.find((known) => known.path === path);
  const group = named.find(({ before, after = "" }) => path.startsWith(before) && path.endsWith(after));
  const own = group && path.slice(group.before.length, path.length - (group.after?.length ?? 0));
  const name = field ? t(field.text) : own !== undefined && group?.told ? t(group.told, { name: own }) : (own ?? path);
  const told = (value: string) => field?.options?.find((option) => option.value === value)?.label ?? value;
  const compared = () => {
    if (!needsValue(operator)) return "";
    if (isSpan(operator)) return t("filter.daysOf", { count: number(Number(value)) });
    if (kind === "date") return instant(value);
    if (kind === "boolean") return t(value === "true" ? "app.yes" : "app.no");
    return isList(operator) || kind === "choice" ? value.split(",").map((one) => told(one.trim())).join(", ") : value;
  };
  const Told = field?.one?.Told;
  const isNamed = Told !== undefined && needsValue(operator);
  const text = `${name} ${t(toldOf(operator))} ${compared()}`.trim();
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

/** `add` tells whether there was room for the condition. */
function ConditionForm({ fields, named, add }: Pick<FilterProps, "fields" | "named"> & { add: (condition: Condition) => boolean }) {
  const { t, number } = useText();
  const [isFull, setFull] = useState(false);
  const [chosen, setChosen] = useState(fields[0]?.path ?? "");
  const [name, setName] = useState("");
  const [operator, setOperator] = useState<Operator>("is");
  const [value, setValue] = useState("");
  const [zone, setZone] = useState(OWN_ZONE);
  const group = named.find(({ id }) => id === chosen);
  const field = group ? group.kind && { kind: group.kind } : fields.find(({ path }) => path === chosen);
  const operators = operatorsOf(field);
  const effective = operators.includes(operator) ? operator : (operators[0] ?? "is");
  const path = group ? `${group.before}${name.trim()}${group.after ?? ""}` : chosen;
  const kind = kindOf(field, effective);
  const shape = isSpan(effective) ? "days" : isList(effective) ? "list" : kind === "date" ? "time" : "one";
  const hasValue = !needsValue(effective) || kind === "boolean" || (shape === "days" ? isDays(value) : value.trim() !== "");
  const isReady = (!group || name.trim() !== "") && hasValue;
  const said = () => {
    if (!needsValue(effective)) return "";
    if (kind === "boolean") return value || "true";
    return shape === "time" ? instantOf(value, zone) : value.trim();
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady) setFull(!add({ path, kind, operator: effective, value: said() }));
      }}
    >
      <Stack gap="sm" w={260}>
        <Select
          label={t("filter.field")}
          // What is typed is another field.
          onFocus={(event) => event.currentTarget.select()}
          data={[...fields.map(({ path, text }) => ({ value: path, label: t(text) })), ...named.map(({ id, text }) => ({ value: id, label: t(text) }))]}
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
          data={operators.map((operator) => ({ value: operator, label: t(textOf(operator, kind)) }))}
          value={effective}
          onChange={(chosen) => {
            if (!chosen) return;
            const next = chosen as Operator;
            // One value, several, days and times are written in different ways.
            if (isList(next) !== isList(effective) || isSpan(next) !== isSpan(effective) || kindOf(field, next) !== kind) setValue("");
            setOperator(next);
          }}
          allowDeselect={false}
          comboboxProps={{ withinPortal: false }}
        />
        {needsValue(effective) && <Value field={field} kind={kind} shape={shape} value={value} setValue={setValue} />}
        {needsValue(effective) && shape === "time" && (
          <Select label={t("overview.timezone")} data={zones(zone)} value={zone} onChange={(zone) => zone && setZone(zone)} searchable limit={50} allowDeselect={false} comboboxProps={{ withinPortal: false }} />
        )}
        {isFull && (
          <Text role="alert" className="fault" size="sm">
            {t("filter.full", { conditions: number(CONDITIONS_MAX), values: number(VALUES_MAX) })}
          </Text>
        )}
        <Button type="submit" disabled={!isReady}>
          {t("filter.apply")}
        </Button>
      </Stack>
    </form>
  );
}

interface ValueProps {
  field: Partial<Field> | undefined;
  kind: Kind;
  shape: "one" | "list" | "time" | "days";
  value: string;
  setValue: (value: string) => void;
}

function Value({ field, kind, shape, value, setValue }: ValueProps): ReactNode {
  const { t } = useText();
  const label = t(shape === "days" ? "filter.days" : "filter.value");
  const comboboxProps = { withinPortal: false };
  if (kind === "boolean") {
    const data = [
      { value: "true", label: t("app.yes") },
      { value: "false", label: t("app.no") },
    ];
    return <Select label={label} data={data} value={value || "true"} onChange={(chosen) => setValue(chosen ?? "true")} allowDeselect={false} comboboxProps={comboboxProps} />;
  }
  if (field?.one) return <field.one.Choose label={label} value={value} choose={setValue} />;
  if (field?.kind === "choice") {
    const data = field.options ?? [];
    if (shape === "list") return <MultiSelect label={label} data={data} value={value.split(",").filter(Boolean)} onChange={(all) => setValue(all.join(","))} searchable comboboxProps={comboboxProps} />;
    return <Select label={label} data={data} value={value || null} onChange={(chosen) => setValue(chosen ?? "")} searchable comboboxProps={comboboxProps} />;
  }
  return (
    <TextInput
      label={label}
      type={shape === "time" ? "datetime-local" : "text"}
      inputMode={shape === "days" ? "numeric" : kind === "number" ? "decimal" : "text"}
      value={value}
      onChange={(event) => setValue(event.currentTarget.value)}
    />
  );
}
