// Who did what in the project, the newest first.
import { Button, Group, Stack, Text } from "@mantine/core";
import { IconHistory } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";

import { api, data, type Schemas } from "../../api/client";
import { useText } from "../../i18n";
import { Empty, Failure, Loading } from "../../shell/parts";
import { useMay, useProjectId } from "../../shell/project";

type Entry = Schemas["AuditLogEntry"];

export function AuditLog() {
  const { t } = useText();
  const project = useProjectId();
  const may = useMay("project:write");
  const log = useInfiniteQuery({
    queryKey: ["audit-log", project],
    enabled: may,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) =>
      data(
        api.GET("/v3/projects/{projectId}/audit-log", {
          params: { path: { projectId: project }, header: { project }, query: { before: pageParam } },
        }),
      ),
    getNextPageParam: ({ entries, more }) => (more ? entries.at(-1)?.id : undefined),
  });
  if (!may) return <Text>{t("settings.noRight")}</Text>;
  if (log.error) return <Failure error={log.error} retry={() => void log.refetch()} />;
  if (!log.data) return <Loading />;
  const entries = log.data.pages.flatMap((page) => page.entries);
  return (
    <Stack>
      <Text size="sm" className="quiet" maw={560}>
        {t("audit.hint")}
      </Text>
      {entries.length === 0 ? (
        <Empty icon={<IconHistory />} title={t("audit.empty")} />
      ) : (
        <ul className="timeline" aria-label={t("settings.auditLog")}>
          {entries.map((entry) => (
            <Line key={entry.id} entry={entry} />
          ))}
        </ul>
      )}
      {log.hasNextPage && (
        <Group>
          <Button variant="default" loading={log.isFetchingNextPage} onClick={() => void log.fetchNextPage()}>
            {t("audit.older")}
          </Button>
        </Group>
      )}
    </Stack>
  );
}

function Line({ entry }: { entry: Entry }) {
  const { t, date } = useText();
  const by = entry.by ? entry.by.email || entry.by.name || t("audit.unknown") : t("audit.operator");
  const details = Object.entries(entry.details ?? {}).map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`);
  return (
    <li>
      <div style={{ flex: 1, minWidth: 0 }}>
        <Text size="sm" className="wrap">
          <b>{by}</b> {t(`audit.${entry.action}`)}
        </Text>
        <Text size="xs" className="quiet wrap">
          {[date(entry.at), ...details, entry.target].filter(Boolean).join(" · ")}
        </Text>
      </div>
    </li>
  );
}
