import { Text } from "@mantine/core";
import { IconId } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";

import { api, data } from "../../api/client";
import { useText } from "../../i18n";
import { Empty, Failure, Loading } from "../../shell/parts";
import { useProjectId } from "../../shell/project";
import { sessionKey } from "./query";

const FIELDS = ["userId", "email", "name"] as const;

export function History({ sessionId }: { sessionId: string }) {
  const { t, date } = useText();
  const project = useProjectId();
  const history = useQuery({
    queryKey: [...sessionKey(project, sessionId), "history"],
    queryFn: () => data(api.GET("/v3/sessions/{sessionId}/identity-history", { params: { path: { sessionId }, header: { project } } })),
  });
  if (history.error) return <Failure error={history.error} retry={() => void history.refetch()} />;
  if (!history.data) return <Loading />;
  const entries = history.data.history;
  if (entries.length === 0) return <Empty icon={<IconId aria-hidden />} title={t("session.noHistory")} />;
  return (
    <ol className="timeline">
      {entries.map((entry, index) => (
        <li key={`${entry.at} ${index}`}>
          <div style={{ flex: 1, minWidth: 0 }}>
            {FIELDS.map((field) => {
              const change = entry.changes[field];
              return (
                change && (
                  <Text size="sm" key={field} className="wrap">
                    {t(`field.${field}`)}: <span className="quiet">{change.from ?? t("app.none")}</span> → <b>{change.to ?? t("app.none")}</b>
                  </Text>
                )
              );
            })}
          </div>
          <Text size="xs" className="quiet">
            {date(entry.at)}
          </Text>
        </li>
      ))}
    </ol>
  );
}
