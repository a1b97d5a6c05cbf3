// Merging: find the other session, see what would happen, do it. It can be undone in the tab of merges.
import { Alert, Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { api, data, type Schemas, type Session } from "../../api/client";
import { useText, type Key } from "../../i18n";
import { SessionPicker } from "../../shell/Find";
import { Failure, Loading, nameOf, useTell } from "../../shell/parts";
import { useProjectId } from "../../shell/project";
import { useRefresh } from "./query";

const OUTCOMES: [Schemas["Outcome"], Key][] = [
  ["taken", "session.mergeTaken"],
  ["kept", "session.mergeKept"],
  ["joined", "session.mergeJoined"],
  ["same", "session.mergeSame"],
];

export function MergeDialog({ session, close }: { session: Session; close: () => void }) {
  const { t } = useText();
  const [other, setOther] = useState<Session>();
  return (
    <Modal opened onClose={close} title={t("session.mergeTitle")} size="lg" closeButtonProps={{ "aria-label": t("app.close") }}>
      {other ? (
        <Preview session={session} other={other} back={() => setOther(undefined)} close={close} />
      ) : (
        <Stack>
          <Text size="sm" className="quiet">
            {t("session.mergeHint")}
          </Text>
          <SessionPicker choose={setOther} />
        </Stack>
      )}
    </Modal>
  );
}

function Preview({ session, other, back, close }: { session: Session; other: Session; back: () => void; close: () => void }) {
  const { t, number } = useText();
  const project = useProjectId();
  const refresh = useRefresh(project, session.id);
  const tell = useTell();
  const merge = (dryRun: boolean) => {
    const params = { path: { sessionId: session.id }, header: { project } };
    return data(api.POST("/v3/sessions/{sessionId}/merge", { params, body: { with: other.id, dryRun } }));
  };
  const plan = useQuery({ queryKey: ["merge", project, session.id, other.id], queryFn: () => merge(true), gcTime: 0, staleTime: 0 });
  const run = async () => {
    try {
      await merge(false);
      tell.done(t("session.mergeDone"));
      refresh();
      close();
    } catch (error) {
      tell.failed(error);
    }
  };
  if (plan.error) return <Failure error={plan.error} retry={back} />;
  if (!plan.data) return <Loading />;
  const { refused, moves, attributes } = plan.data;
  const guest = t("sessions.guest");
  return (
    <Stack gap="sm">
      <Text fw={600} className="wrap">
        {nameOf(other, guest)} → {nameOf(session, guest)}
      </Text>
      {refused ? (
        <Alert color="red">{refused.message}</Alert>
      ) : (
        <>
          {moves && <Text size="sm">{t("session.mergeMoves", { events: number(moves.events), tickets: number(moves.tickets), files: number(moves.files) })}</Text>}
          {OUTCOMES.map(([outcome, text]) => {
            const names = attributes.filter((attribute) => attribute.outcome === outcome).map(({ name }) => name);
            return (
              names.length > 0 && (
                <Text size="sm" key={outcome} className="wrap">
                  <b>{t(text)}:</b> {names.join(", ")}
                </Text>
              )
            );
          })}
        </>
      )}
      <Group justify="flex-end">
        <Button variant="default" onClick={back}>
          {t("app.cancel")}
        </Button>
        <Button disabled={Boolean(refused)} onClick={() => void run()}>
          {t("session.mergeDo")}
        </Button>
      </Group>
    </Stack>
  );
}
