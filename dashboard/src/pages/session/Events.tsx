// Events by name with their counts, and by day of the last thirty.
import { ScrollArea, Table, Text, Title } from "@mantine/core";
import { IconBolt } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";

import { api, data, type Session } from "../../api/client";
import { useText } from "../../i18n";
import { Ago } from "../../shell/Ago";
import { Empty, Failure } from "../../shell/parts";
import { useProjectId } from "../../shell/project";
import { sessionKey } from "./query";

const DAYS = 30;
const DAY_MS = 86_400_000;
const EVENTS_MAX = 1000;

export function Events({ session }: { session: Session }) {
  const { t, number } = useText();
  const summary = Object.entries(session.eventData ?? {}).sort(([, a], [, b]) => b.lastAt.localeCompare(a.lastAt));
  if (summary.length === 0) {
    return (
      <Empty icon={<IconBolt aria-hidden />} title={t("session.noEvents")}>
        {t("session.noEventsHint")}
      </Empty>
    );
  }
  return (
    <>
      <PerDay session={session} />
      <ScrollArea type="auto" viewportProps={{ tabIndex: 0 }}>
        <Table mt="md" miw={460}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t("session.events")}</Table.Th>
              <Table.Th ta="right">{t("session.count")}</Table.Th>
              <Table.Th>{t("session.first")}</Table.Th>
              <Table.Th>{t("session.last")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {summary.map(([name, { count, firstAt, lastAt }]) => (
              <Table.Tr key={name}>
                <Table.Td className="wrap">{name}</Table.Td>
                <Table.Td ta="right" className="number">
                  {number(count)}
                </Table.Td>
                {[firstAt, lastAt].map((at, index) => (
                  <Table.Td key={index}>
                    <Ago at={at} />
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </ScrollArea>
    </>
  );
}

/** The days of the viewer, the oldest first: their midnights. */
function lastDays(): Date[] {
  const today = new Date();
  return Array.from({ length: DAYS }, (_, index) => new Date(today.getFullYear(), today.getMonth(), today.getDate() - (DAYS - 1 - index)));
}

function PerDay({ session }: { session: Session }) {
  const { t, day, number } = useText();
  const project = useProjectId();
  const events = useQuery({
    queryKey: [...sessionKey(project, session.id), "events"],
    queryFn: async () => {
      const filter = JSON.stringify({ date: { $gte: new Date(Date.now() - DAYS * DAY_MS).toISOString() } });
      const params = { path: { sessionId: session.id }, header: { project }, query: { limit: EVENTS_MAX, filter } };
      return data(api.GET("/v3/sessions/{sessionId}/events", { params }));
    },
  });
  if (events.error) return <Failure error={events.error} retry={() => void events.refetch()} />;
  const days = lastDays();
  const counts = new Map<number, number>();
  for (const event of events.data ?? []) {
    const at = new Date(event.date);
    const midnight = new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();
    counts.set(midnight, (counts.get(midnight) ?? 0) + 1);
  }
  const most = Math.max(1, ...counts.values());
  const isCapped = events.data?.length === EVENTS_MAX;
  return (
    <figure style={{ margin: 0 }}>
      <Title order={3} size="sm" mb="xs">
        {t("session.perDay")}{" "}
        {isCapped && (
          <Text span size="xs" className="quiet">
            {t("session.eventsCapped")}
          </Text>
        )}
      </Title>
      <svg className="chart" viewBox={`0 0 ${DAYS * 10} 100`} preserveAspectRatio="none" role="img" aria-label={t("session.perDay")}>
        {days.map((midnight, index) => {
          const count = counts.get(midnight.getTime()) ?? 0;
          const height = Math.max(count === 0 ? 1 : 4, (count / most) * 98);
          return (
            <rect key={midnight.getTime()} x={index * 10 + 1} y={100 - height} width={8} height={height} opacity={count === 0 ? 0.25 : 1}>
              <title>{t("session.perDayOf", { day: day(midnight.toISOString()), count: number(count) })}</title>
            </rect>
          );
        })}
      </svg>
    </figure>
  );
}
