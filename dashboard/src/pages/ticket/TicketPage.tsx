// A ticket: what was reported, by whom, with its logs; what becomes of it is set in place.
import { Anchor, Group, Tabs, Text, Title } from "@mantine/core";
import { IconFlagOff } from "@tabler/icons-react";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState } from "react";

import { api, ApiError, type Ticket } from "../../api/client";
import { useText, type Key } from "../../i18n";
import { part } from "../../shell/part";
import { Empty, Face, Failure, Loading, nameOf } from "../../shell/parts";
import { useMay, useProjectId } from "../../shell/project";
import { useTitle } from "../../shell/title";
import { TabList } from "../../shell/TabList";
import { titleIn, useTicketSettings } from "../inbox/query";
import { Company } from "./Company";
import { Conversation } from "./Conversation";
import { Handling } from "./Handling";
import { ActivityLog, ConsoleLog, NetworkLog } from "./logs";
import { summaryOf, useTicket } from "./query";
import { Report } from "./Report";

const Replay = lazy(() => part(() => import("./Replay")).then(({ Replay }) => ({ default: Replay })));

type Tab = "conversation" | "report" | "replay" | "console" | "network" | "activity";
const TITLES: Record<Tab, Key> = {
  conversation: "ticket.conversation",
  report: "ticket.report",
  replay: "ticket.replay",
  console: "ticket.console",
  network: "ticket.network",
  activity: "ticket.activity",
};

export function TicketPage() {
  const { ticketId = "" } = useParams({ strict: false });
  // Another ticket is another page: nothing that was begun in one goes on in the other.
  return <OneTicket key={ticketId} ticketId={ticketId} />;
}

function OneTicket({ ticketId }: { ticketId: string }) {
  const { t } = useText();
  const settings = useTicketSettings();
  const loaded = useTicket(ticketId);
  useSeen(loaded.data?.ticket);
  useTitle(loaded.data && `#${loaded.data.ticket.bugId} ${summaryOf(loaded.data.ticket)}`);
  if (loaded.error instanceof ApiError && [400, 404].includes(loaded.error.status)) {
    return (
      <div className="panel">
        <Empty icon={<IconFlagOff aria-hidden />} title={t("ticket.notFound")} />
      </div>
    );
  }
  if (loaded.error && !loaded.data) return <Failure error={loaded.error} retry={() => void loaded.refetch()} />;
  if (!loaded.data) return <Loading />;
  const { ticket } = loaded.data;
  return (
    <article className="panel ticket">
      <header style={{ padding: "16px 18px 0" }}>
        <Group justify="space-between" wrap="nowrap" align="flex-start">
          <div style={{ minWidth: 0 }}>
            <Text className="quiet number" size="sm">
              #{ticket.bugId} · {titleIn(settings.data?.types, ticket.type)}
            </Text>
            <Title order={2} size="h3" className="wrap" lineClamp={3}>
              {summaryOf(ticket)}
            </Title>
          </div>
          <Company ticketId={ticket.id} />
        </Group>
        <Reporter ticket={ticket} />
        <Handling loaded={loaded.data} />
      </header>
      <Content ticket={ticket} />
    </article>
  );
}

function Content({ ticket }: { ticket: Ticket }) {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const tabs: Tab[] = ["conversation", "report", ...(ticket.replayFile ? (["replay"] as const) : []), "console", "network", "activity"];
  const tab = tabs.find((known) => known === search.tab) ?? "conversation";
  return (
    <Tabs value={tab} keepMounted={false} p="md" onChange={(tab) => void navigate({ to: ".", search: { ...search, tab: tab ?? undefined }, replace: true })}>
      <TabList tabs={tabs.map((tab) => [tab, TITLES[tab]] as const)} chosen={tab} />
      <Tabs.Panel value="conversation">
        <Conversation ticket={ticket} />
      </Tabs.Panel>
      <Tabs.Panel value="report">
        <Report ticket={ticket} />
      </Tabs.Panel>
      <Tabs.Panel value="replay">
        <Suspense fallback={<Loading />}>
          <Replay ticketId={ticket.id} />
        </Suspense>
      </Tabs.Panel>
      <Tabs.Panel value="console">
        <ConsoleLog ticketId={ticket.id} />
      </Tabs.Panel>
      <Tabs.Panel value="network">
        <NetworkLog ticketId={ticket.id} />
      </Tabs.Panel>
      <Tabs.Panel value="activity">
        <ActivityLog ticketId={ticket.id} />
      </Tabs.Panel>
    </Tabs>
  );
}

/** Who looks at a ticket has seen what was said in it, unless it was marked as unread while it was shown. */
function useSeen(ticket: Ticket | undefined): void {
  const projectId = useProjectId();
  const may = useMay("tickets:write");
  const [seen, setSeen] = useState<string>();
  const said = ticket?.lastNotification;
  useEffect(() => {
    if (!ticket || said === seen || document.hidden) return;
    setSeen(said);
    if (!may || !ticket.notificationsUnread) return;
    // Nobody waits for it: when it fails the ticket stays unread.
    const params = { path: { ticketId: ticket.id }, header: { project: projectId } };
    api.PUT("/v3/tickets/{ticketId}", { params, body: { notificationsUnread: false } as never }).catch(() => {});
  }, [ticket, said, seen, may, projectId]);
}

function Reporter({ ticket }: { ticket: Ticket }) {
  const { t, date } = useText();
  const projectId = useProjectId();
  const { session } = ticket;
  const name = session ? nameOf(session, t("sessions.guest")) : t("inbox.nobody");
  return (
    <Group gap="sm" wrap="nowrap" mt="xs">
      <Face name={name} />
      <div style={{ minWidth: 0 }}>
        {session ? (
          <Anchor size="sm" className="wrap" renderRoot={(props) => <Link to="/p/$projectId/sessions/$sessionId" params={{ projectId, sessionId: session.id }} {...props} />}>
            {name}
          </Anchor>
        ) : (
          <Text size="sm">{name}</Text>
        )}
        <Text size="xs" className="quiet">
          {[session?.companyName, session?.plan, date(ticket.createdAt)].filter(Boolean).join(" · ")}
        </Text>
      </div>
    </Group>
  );
}
