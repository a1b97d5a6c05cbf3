import { Button, Group, SimpleGrid, Text, Title } from "@mantine/core";
import { IconUsers } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense } from "react";

import { api, data, type Session } from "../api/client";
import { useText, type Key } from "../i18n";
import { Ago } from "../shell/Ago";
import { part } from "../shell/part";
import { Empty, Face, Failure, Loading, nameOf, PageTitle } from "../shell/parts";
import { useProject, useProjectId } from "../shell/project";

const Charts = lazy(() => part(() => import("./overview/Charts")).then(({ Charts }) => ({ default: Charts })));

const DAY_MS = 86_400_000;
const SPANS: { text: Key; days: number }[] = [
  { text: "overview.day", days: 1 },
  { text: "overview.week", days: 7 },
  { text: "overview.month", days: 30 },
];

export function Overview() {
  const { t } = useText();
  const projectId = useProjectId();
  const project = useProject();
  const recent = useQuery({
    queryKey: ["sessions", projectId, "recent"],
    queryFn: async () => {
      const query = { sort: "-lastActivity", limit: 8 };
      return (await data(api.GET("/v3/sessions", { params: { header: { project: projectId }, query } }))) as Session[];
    },
  });
  if (recent.error) return <Failure error={recent.error} retry={() => void recent.refetch()} />;
  if (!recent.data) return <Loading />;
  if (recent.data.length === 0) {
    return (
      <>
        <PageTitle title={t("overview.title")} hint={project?.name} />
        <div className="panel">
          <Empty
            icon={<IconUsers aria-hidden />}
            title={t("overview.empty")}
            action={<Button renderRoot={(props) => <Link to="/p/$projectId/start" params={{ projectId }} {...props} />}>{t("nav.start")}</Button>}
          >
            {t("overview.emptyHint")}
          </Empty>
        </div>
      </>
    );
  }
  return (
    <>
      <PageTitle title={t("overview.title")} hint={project?.name} />
      <SimpleGrid cols={{ base: 1, sm: 3 }} mb="lg">
        <Counts title={t("overview.new")} field="createdAt" projectId={projectId} />
        <Counts title={t("overview.active")} field="lastActivity" projectId={projectId} />
        <TicketCounts projectId={projectId} />
      </SimpleGrid>
      <Suspense fallback={<Loading />}>
        <Charts />
      </Suspense>
      <div className="panel" style={{ padding: 16 }}>
        <Title order={2} size="h4" mb="xs">
          {t("overview.recent")}
        </Title>
        <ul className="timeline">
          {recent.data.map((session) => (
            <Recent key={session.id} session={session} projectId={projectId} />
          ))}
        </ul>
      </div>
    </>
  );
}

function Recent({ session, projectId }: { session: Session; projectId: string }) {
  const { t } = useText();
  const name = nameOf(session, t("sessions.guest"));
  return (
    <li>
      <Face name={name} />
      <div style={{ flex: 1, minWidth: 0 }}>
        <Link to="/p/$projectId/sessions/$sessionId" params={{ projectId, sessionId: session.id }} style={{ color: "inherit", fontWeight: 550 }}>
          {name}
        </Link>
        <Text size="xs" className="quiet" truncate>
          {[session.companyName, session.plan, session.lastPageView?.page].filter(Boolean).join(" · ")}
        </Text>
      </div>
      <Text size="sm" className="quiet">
        {session.lastActivity && <Ago at={session.lastActivity} />}
      </Text>
    </li>
  );
}

function Counts({ title, field, projectId }: { title: string; field: string; projectId: string }) {
  const counts = useQuery({
    queryKey: ["sessions", projectId, "count", field],
    queryFn: () => Promise.all(SPANS.map(({ days }) => countSince(projectId, field, days))),
    staleTime: 60_000,
  });
  return <Numbers title={title} values={counts.data} error={counts.error} />;
}

async function countSince(project: string, field: string, days: number): Promise<number> {
  const filter = JSON.stringify({ [field]: { $gte: new Date(Date.now() - days * DAY_MS).toISOString() } });
  const answer = await data(api.GET("/v3/sessions", { params: { header: { project }, query: { filter, withCount: true, limit: 1 } } }));
  return (answer as { totalCount: number }).totalCount;
}

function TicketCounts({ projectId }: { projectId: string }) {
  const { t } = useText();
  const counts = useQuery({
    queryKey: ["tickets", projectId, "count"],
    queryFn: () =>
      Promise.all(
        SPANS.map(async ({ days }) => {
          const filter = JSON.stringify({ createdAt: { $gte: new Date(Date.now() - days * DAY_MS).toISOString() } });
          const params = { header: { project: projectId }, query: { limit: 1, filter } };
          return (await data(api.GET("/v3/tickets", { params }))).totalCount;
        }),
      ),
    staleTime: 60_000,
  });
  return <Numbers title={t("overview.tickets")} values={counts.data} error={counts.error} />;
}

function Numbers({ title, values, error }: { title: string; values: number[] | undefined; error: unknown }) {
  const { t, number } = useText();
  return (
    <section className="panel" style={{ padding: 16 }}>
      <Title order={2} size="sm" className="quiet">
        {title}
      </Title>
      {error ? (
        <Failure error={error} />
      ) : (
        <Group mt="xs" justify="space-between" align="end" wrap="nowrap">
          {SPANS.map(({ text, days }, index) => (
            <div key={days}>
              <Text className="number" fw={650} size={index === 0 ? "32px" : "xl"} lh={1.1}>
                {values?.[index] === undefined ? "–" : number(values[index])}
              </Text>
              <Text size="xs" className="quiet">
                {t(text)}
              </Text>
            </div>
          ))}
        </Group>
      )}
    </section>
  );
}
