// A team, new or changed. Loaded when one is set up.
import { MultiSelect, NumberInput, Select, Switch, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, type Schemas } from "../../api/client";
import { useText } from "../../i18n";
import { FormDialog } from "../../shell/FormDialog";
import { useTell } from "../../shell/parts";
import { nameOfMember, useMembers, useProjectId } from "../../shell/project";
import { OWN_ZONE } from "../../shell/zones";
import { HoursFields } from "./HoursFields";
import { WORKDAYS, written, type Time } from "./hours";
import { TOUCHED, type Team } from "./Teams";

const METHODS = ["balanced", "circular", "random", "manual"] as const;
const NAME_CHARS_MAX = 100;
const AMOUNT_MAX = 1000;
const AMOUNT = 10;

export function TeamDialog({ entry: team, close }: { entry: Team | undefined; close: () => void }) {
  const { t } = useText();
  const project = useProjectId();
  const queries = useQueryClient();
  const tell = useTell();
  const people = useMembers();
  const [name, setName] = useState(team?.name ?? "");
  const [members, setMembers] = useState<string[]>(team?.members ?? []);
  const [method, setMethod] = useState<Schemas["AssignmentMethod"]>(team?.assignmentMethod ?? "balanced");
  const [onlineOnly, setOnlineOnly] = useState(team?.selectOnlyOnlineMembers ?? true);
  const [isLimited, setLimited] = useState(team?.limitTicketAmount ?? false);
  const [amount, setAmount] = useState<number | string>(team?.ticketAmount ?? AMOUNT);
  const hours = team?.operatingHours;
  const [hasHours, setHasHours] = useState(Boolean(hours?.enabled && !hours.alwaysOnline));
  const [times, setTimes] = useState<Time[]>(hours?.openingTimes?.length ? hours.openingTimes.map(written) : WORKDAYS);
  const [timezone, setTimezone] = useState(hours?.timezone ?? OWN_ZONE);
  const header = { project };
  const save = useMutation({
    mutationFn: async (): Promise<unknown> => {
      const body = {
        name: name.trim(),
        members,
        assignmentMethod: method,
        selectOnlyOnlineMembers: onlineOnly,
        limitTicketAmount: isLimited,
        ...(typeof amount === "number" && { ticketAmount: amount }),
        // What others set of it, such as texts, stays.
        ...((hasHours || hours) && { operatingHours: { ...hours, enabled: hasHours, alwaysOnline: false, timezone, openingTimes: times } }),
      };
      if (team) return api.PUT("/v3/teams/{teamId}", { params: { path: { teamId: team.id }, header }, body: body as never });
      return api.POST("/v3/teams", { params: { header }, body: body as never });
    },
    onSuccess: () => {
      tell.done(t("session.saved"));
      close();
    },
    onError: tell.failed,
    onSettled: () => {
      for (const kind of TOUCHED) void queries.invalidateQueries({ queryKey: [kind, project] });
    },
  });
  // Who may not answer, or left, is shown only while it is in the team.
  const able = (people.data ?? []).filter(({ id, role }) => role !== "viewer" || members.includes(id));
  const choices = [...able.map((member) => ({ value: member.id, label: nameOfMember(member) })), ...members.filter((id) => !able.some((member) => member.id === id)).map((id) => ({ value: id, label: id }))];
  const isReady = name.trim() !== "" && (!isLimited || typeof amount === "number") && (!hasHours || times.length > 0);
  return (
    <FormDialog title={team ? team.name : t("teams.new")} isReady={isReady} isSaving={save.isPending} save={() => save.mutate()} close={close}>
      <TextInput data-autofocus required label={t("field.name")} maxLength={NAME_CHARS_MAX} value={name} onChange={(event) => setName(event.currentTarget.value)} />
      <MultiSelect label={t("teams.members")} description={t("teams.membersHint")} data={choices} value={members} onChange={setMembers} searchable hidePickedOptions comboboxProps={{ withinPortal: false }} />
      <Select
        label={t("teams.method")}
        data={METHODS.map((method) => ({ value: method, label: t(`teams.method.${method}`) }))}
        value={method}
        allowDeselect={false}
        comboboxProps={{ withinPortal: false }}
        onChange={(method) => method && setMethod(method as Schemas["AssignmentMethod"])}
      />
      <Switch label={t("teams.onlineOnly")} description={t("teams.onlineOnlyHint")} checked={onlineOnly} onChange={(event) => setOnlineOnly(event.currentTarget.checked)} />
      <Switch label={t("teams.limit")} description={t("teams.limitHint")} checked={isLimited} onChange={(event) => setLimited(event.currentTarget.checked)} />
      {isLimited && <NumberInput label={t("teams.amount")} w={220} min={1} max={AMOUNT_MAX} clampBehavior="strict" allowDecimal={false} allowNegative={false} value={amount} onChange={setAmount} />}
      <Switch label={t("teams.hoursOn")} description={t("teams.hoursHint")} checked={hasHours} onChange={(event) => setHasHours(event.currentTarget.checked)} />
      {hasHours && <HoursFields times={times} change={setTimes} timezone={timezone} setTimezone={setTimezone} />}
    </FormDialog>
  );
}
