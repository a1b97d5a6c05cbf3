import { Button, Group, Text } from "@mantine/core";
import { IconGitMerge } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";

import { api, data } from "../../api/client";
import { useText } from "../../i18n";
import { Ago } from "../../shell/Ago";
import { Empty, Failure, Loading, useTell } from "../../shell/parts";
import { useMay, useProjectId } from "../../shell/project";
import { sessionKey, useRefresh } from "./query";

export function Merges({ sessionId }: { sessionId: string }) {
  const { t, number } = useText();
  const project = useProjectId();
  const refresh = useRefresh(project, sessionId);
  const tell = useTell();
  const may = useMay("sessions:write");
  const merges = useQuery({
    queryKey: [...sessionKey(project, sessionId), "merges"],
    queryFn: () => data(api.GET("/v3/sessions/{sessionId}/merges", { params: { path: { sessionId }, header: { project } } })),
  });
  const undo = async (mergeId: string) => {
    try {
      await api.POST("/v3/merges/{mergeId}/undo", { params: { path: { mergeId }, header: { project } } });
      tell.done(t("session.mergeUndoneNow"));
      refresh();
    } catch (error) {
      tell.failed(error);
    }
  };
  if (merges.error) return <Failure error={merges.error} retry={() => void merges.refetch()} />;
  if (!merges.data) return <Loading />;
  if (merges.data.length === 0) return <Empty icon={<IconGitMerge aria-hidden />} title={t("session.noMerges")} />;
  return (
    <ol className="timeline">
      {merges.data.map((merge) => (
        <li key={merge.id}>
          <div style={{ flex: 1 }}>
            <Text size="sm">
              <Ago at={merge.at} told={(when) => t("session.mergedAt", { when })} />
            </Text>
            <Text size="xs" className="quiet wrap">
              {merge.merged} ·{" "}
              {t("session.mergeMoves", { events: number(merge.moved.events), tickets: number(merge.moved.tickets), files: number(merge.moved.files) })}
            </Text>
          </div>
          <Group>
            {merge.undone ? (
              <Text size="xs" className="quiet">
                <Ago at={merge.undone.at} told={(when) => t("session.mergeUndone", { when })} />
              </Text>
            ) : (
              may && (
                <Button size="compact-sm" variant="default" onClick={() => void undo(merge.id)}>
                  {t("session.mergeUndo")}
                </Button>
              )
            )}
          </Group>
        </li>
      ))}
    </ol>
  );
}
