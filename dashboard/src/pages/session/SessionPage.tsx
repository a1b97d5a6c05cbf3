// A session: who it is at a glance on the left, what it did and has on the right.
import { Tabs } from "@mantine/core";
import { useThrottledCallback } from "@mantine/hooks";
import { IconUserOff } from "@tabler/icons-react";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";

import { ApiError } from "../../api/client";
import { useEvents } from "../../api/live";
import { useText, type Key } from "../../i18n";
import { Empty, Failure, Loading } from "../../shell/parts";
import { useProjectId } from "../../shell/project";
import { TabList } from "../../shell/TabList";
import { Attributes } from "./Attributes";
import { Events } from "./Events";
import { Header } from "./Header";
import { History } from "./History";
import { Memory } from "./Memory";
import { Merges } from "./Merges";
import { Outbound } from "./Outbound";
import { useRefresh, useSession } from "./query";
import { SessionTickets } from "./SessionTickets";
import { Timeline } from "./Timeline";

const TABS: [string, Key][] = [
  ["timeline", "session.timeline"],
  ["events", "session.events"],
  ["tickets", "session.tickets"],
  ["outbound", "session.outbound"],
  ["memory", "session.memory"],
  ["history", "session.history"],
  ["merges", "session.merges"],
];

/** A busy session is read again at most this often. */
const REFRESH_MS = 700;

export function SessionPage() {
  const { t } = useText();
  const projectId = useProjectId();
  const { sessionId = "" } = useParams({ strict: false });
  const search = useSearch({ strict: false });
  const tab = TABS.find(([value]) => value === search.tab)?.[0] ?? "timeline";
  const navigate = useNavigate();
  const loaded = useSession(projectId, sessionId);
  const refresh = useThrottledCallback(useRefresh(projectId, sessionId), REFRESH_MS);
  const [sockets, setSockets] = useState(0);
  useEvents(`/v3/sessions/${sessionId}/live`, projectId, (name, data) => {
    if (name === "hello") {
      setSockets(socketsOf(data));
      // Also after a pause, in which anything may have happened.
      refresh();
    } else if (name === "connected") setSockets((open) => open + 1);
    else if (name === "disconnected") setSockets((open) => Math.max(0, open - 1));
    else refresh();
  });
  if (loaded.error instanceof ApiError && [400, 404].includes(loaded.error.status)) {
    return (
      <Empty icon={<IconUserOff aria-hidden />} title={t("session.notFound")}>
        {t("session.notFoundHint")}
      </Empty>
    );
  }
  if (loaded.error && !loaded.data) return <Failure error={loaded.error} retry={() => void loaded.refetch()} />;
  if (!loaded.data) return <Loading />;
  const { session } = loaded.data;
  return (
    <div className="session" key={session.id}>
      <div>
        <Header session={session} isOnline={sockets > 0} />
        <Attributes loaded={loaded.data} />
      </div>
      <Tabs
        value={tab}
        keepMounted={false}
        onChange={(tab) => void navigate({ to: ".", search: { tab: tab ?? undefined }, replace: true })}
        className="panel"
        p="md"
      >
        <TabList tabs={TABS} chosen={tab} />
        <Tabs.Panel value="timeline">
          <Timeline sessionId={sessionId} />
        </Tabs.Panel>
        <Tabs.Panel value="events">
          <Events session={session} />
        </Tabs.Panel>
        <Tabs.Panel value="tickets">
          <SessionTickets session={session} />
        </Tabs.Panel>
        <Tabs.Panel value="outbound">
          <Outbound session={session} />
        </Tabs.Panel>
        <Tabs.Panel value="memory">
          <Memory session={session} />
        </Tabs.Panel>
        <Tabs.Panel value="history">
          <History sessionId={sessionId} />
        </Tabs.Panel>
        <Tabs.Panel value="merges">
          <Merges sessionId={sessionId} />
        </Tabs.Panel>
      </Tabs>
    </div>
  );
}

function socketsOf(data: unknown): number {
  const { sockets } = ((data as { data?: unknown } | undefined)?.data ?? {}) as { sockets?: unknown };
  return typeof sockets === "number" ? sockets : 0;
}
