// How long events and guests are kept. What would go is seen before the rules hold.
import { Alert, Button, Group, NumberInput, Stack, Switch, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, data, type Schemas } from "../../api/client";
import { useText } from "../../i18n";
import { Failure, Loading, useTell } from "../../shell/parts";
import { useMay, useProjectId } from "../../shell/project";

type Rules = Schemas["RetentionRules"];

const DAYS_MAX = 3650;
/** What is proposed where a rule is switched on. */
const PROPOSED: Record<keyof Rules, number> = { eventsDays: 365, guestsUnseenDays: 90 };
const RULES = ["eventsDays", "guestsUnseenDays"] as const;

export function Retention() {
  const project = useProjectId();
  const retention = useQuery({
    queryKey: ["retention", project],
    queryFn: () => data(api.GET("/v3/projects/{projectId}/retention", { params: { path: { projectId: project }, header: { project } } })),
  });
  if (retention.error) return <Failure error={retention.error} retry={() => void retention.refetch()} />;
  if (!retention.data) return <Loading />;
  return <Form key={retention.dataUpdatedAt} now={retention.data} />;
}

function Form({ now }: { now: Schemas["RetentionBody"] }) {
  const { t, number, date } = useText();
  const project = useProjectId();
  const queries = useQueryClient();
  const tell = useTell();
  const may = useMay("project:write");
  const [rules, setRules] = useState<Partial<Rules>>({ eventsDays: now.eventsDays, guestsUnseenDays: now.guestsUnseenDays });
  const params = { path: { projectId: project }, header: { project } };
  const preview = useMutation({
    mutationFn: (body: Partial<Rules>) => data(api.POST("/v3/projects/{projectId}/retention/preview", { params, body: body as never })),
    onError: tell.failed,
  });
  const save = useMutation({
    mutationFn: (body: Partial<Rules>) => api.PUT("/v3/projects/{projectId}/retention", { params, body: body as never }),
    onSuccess: () => tell.done(t("session.saved")),
    onError: tell.failed,
    onSettled: () => queries.invalidateQueries({ queryKey: ["retention", project] }),
  });
  const set = (rule: keyof Rules, days: number | undefined) => {
    preview.reset();
    setRules({ ...rules, [rule]: days });
  };
  const isSame = RULES.every((rule) => rules[rule] === (now[rule] ?? undefined));
  const hasRule = RULES.some((rule) => rules[rule] !== undefined);
  return (
    <Stack maw={620}>
      <Text size="sm" className="quiet">
        {t("retention.hint")}
      </Text>
      {RULES.map((rule) => (
        <Group key={rule} align="end" wrap="nowrap">
          <Switch
            style={{ flex: 1 }}
            label={t(`retention.${rule}`)}
            description={t(`retention.${rule}Hint`)}
            checked={rules[rule] !== undefined}
            disabled={!may}
            onChange={({ currentTarget }) => set(rule, currentTarget.checked ? PROPOSED[rule] : undefined)}
          />
          {rules[rule] !== undefined && (
            <NumberInput
              w={110}
              size="xs"
              min={1}
              max={DAYS_MAX}
              allowDecimal={false}
              aria-label={`${t(`retention.${rule}`)}: ${t("retention.days")}`}
              suffix={` ${t("retention.days")}`}
              value={rules[rule] ?? ""}
              disabled={!may}
              onChange={(days) => typeof days === "number" && set(rule, days)}
            />
          )}
        </Group>
      ))}
      {preview.data && (
        <Alert color="yellow" role="status" title={t("retention.wouldGo")}>
          <Text size="sm">
            {t(preview.data.complete ? "retention.counts" : "retention.countsAtLeast", { events: number(preview.data.events.count), guests: number(preview.data.guests.count) })}
          </Text>
        </Alert>
      )}
      {may && (
        <Group>
          <Button variant="default" disabled={!hasRule} loading={preview.isPending} onClick={() => preview.mutate(rules)}>
            {t("retention.preview")}
          </Button>
          {/* Rules that take something away are saved once it was seen what. */}
          <Button disabled={isSame || (hasRule && !preview.data)} loading={save.isPending} onClick={() => save.mutate(rules)}>
            {t("app.save")}
          </Button>
        </Group>
      )}
      {now.nextRun && (
        <Text size="sm" className="quiet">
          {t("retention.next", { when: date(now.nextRun) })}
        </Text>
      )}
      {now.lastRun && (
        <Text size="sm" className="quiet">
          {t("retention.last", { when: date(now.lastRun.date), events: number(now.lastRun.events), guests: number(now.lastRun.guests) })}
        </Text>
      )}
    </Stack>
  );
}
