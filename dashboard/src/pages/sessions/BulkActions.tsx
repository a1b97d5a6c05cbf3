// What is done to all sessions that are selected: one request each, a few at a time, and what was refused is told.
import { Button, Group, Popover, Text, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, data, type Session } from "../../api/client";
import { useText } from "../../i18n";
import { Confirm } from "../../shell/Confirm";
import { useDelete } from "../../shell/deleting";
import { useExplain, useTell } from "../../shell/parts";
import { useMay, useProjectId } from "../../shell/project";

const AT_ONCE = 6;

type Change = (session: Session) => Promise<unknown>;

export function BulkActions({ sessions, clear }: { sessions: Session[]; clear: () => void }) {
  const { t, number } = useText();
  const projectId = useProjectId();
  const tell = useTell();
  const explain = useExplain();
  const queries = useQueryClient();
  const may = useMay("sessions:write");
  const [asked, ask] = useDisclosure();
  const [tag, setTag] = useState("");
  const erase = useDelete(projectId);
  const header = { project: projectId };
  const at = ({ id }: Session) => ({ params: { path: { sessionId: id }, header } });
  const run = useMutation({
    mutationFn: (change: Change) => each(sessions, change),
    onSuccess: ({ changed, failed, error }) => {
      if (failed === 0) tell.done(t("sessions.changed", { count: number(changed) }));
      else tell.failed(new Error(t("sessions.changedSome", { count: number(changed), failed: number(failed), why: explain(error) })));
      clear();
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["sessions", projectId] }),
  });
  const update = (body: object) => run.mutate((session) => api.PUT("/v3/sessions/{sessionId}", { ...at(session), body }));
  if (!may) return null;
  return (
    <Group className="panel" p="xs" mb="sm" gap="xs" role="toolbar" aria-label={t("sessions.selected", { count: sessions.length })}>
      <Text size="sm" fw={600} mx="xs">
        {t("sessions.selected", { count: number(sessions.length) })}
      </Text>
      <Popover position="bottom-start" trapFocus>
        <Popover.Target>
          <Button variant="default" size="xs" loading={run.isPending}>
            {t("sessions.tag")}
          </Button>
        </Popover.Target>
        <Popover.Dropdown>
          <form
            onSubmit={(event) => {
              event.preventDefault();
              const added = tag.trim();
              if (!added) return;
              run.mutate(async (session) => {
                // It may have got tags since it was selected.
                const { tags } = await data(api.GET("/v3/sessions/{sessionId}", at(session)));
                return api.PUT("/v3/sessions/{sessionId}", { ...at(session), body: { tags: [...new Set([...tags, added])] } });
              });
              setTag("");
            }}
          >
            <Group align="end" gap="xs">
              <TextInput label={t("sessions.tagName")} value={tag} onChange={(event) => setTag(event.currentTarget.value)} />
              <Button type="submit">{t("app.save")}</Button>
            </Group>
          </form>
        </Popover.Dropdown>
      </Popover>
      <Button variant="default" size="xs" disabled={run.isPending} onClick={() => update({ blocked: true })}>
        {t("sessions.block")}
      </Button>
      <Button variant="default" size="xs" disabled={run.isPending} onClick={() => update({ blocked: false })}>
        {t("sessions.unblock")}
      </Button>
      <Button variant="default" size="xs" disabled={run.isPending} onClick={() => update({ unsubscribed: true })}>
        {t("sessions.unsubscribe")}
      </Button>
      <Button variant="light" color="red" size="xs" disabled={run.isPending} onClick={ask.open}>
        {t("sessions.delete")}
      </Button>
      <Confirm
        opened={asked}
        title={t("sessions.deleteTitle", { count: number(sessions.length) })}
        action={t("sessions.delete")}
        confirm={() => {
          ask.close();
          erase(sessions.map(({ id }) => id));
          clear();
        }}
        close={ask.close}
      >
        {t("sessions.deleteHint")}
      </Confirm>
    </Group>
  );
}

async function each(sessions: Session[], change: Change) {
  const waiting = [...sessions];
  let [changed, failed] = [0, 0];
  let error: unknown;
  const work = async () => {
    for (let session = waiting.shift(); session; session = waiting.shift()) {
      try {
        await change(session);
        changed += 1;
      } catch (refused) {
        failed += 1;
        error ??= refused;
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { changed, failed, error };
}
