// The tickets of a session with what was said in them last, newest first; and a way to begin one.
import { Anchor, Badge, Button, Center, Group, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconInbox } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { api, nextCursor, type Session, type Ticket } from "../../api/client";
import { useText } from "../../i18n";
import { Ago } from "../../shell/Ago";
import { Empty, Failure, Loading } from "../../shell/parts";
import { useMay, useProjectId } from "../../shell/project";
import { titleIn, useTicketSettings } from "../inbox/query";
import { summaryOf } from "../ticket/query";
import { WriteDialog } from "./WriteDialog";

const TICKETS_PER_PAGE = 50;

export function SessionTickets({ session }: { session: Session }) {
  const { t } = useText();
  const project = useProjectId();
  const may = useMay("tickets:write");
  const [writing, write] = useDisclosure();
  const tickets = useInfiniteQuery({
    queryKey: ["tickets", project, "session", session.id],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam }) => {
      const query = { limit: TICKETS_PER_PAGE, cursor: pageParam, filter: JSON.stringify({ session: session.id }), sort: "-createdAt" };
      const { data, response } = await api.GET("/v3/tickets", { params: { header: { project }, query } });
      return { tickets: data?.tickets ?? [], next: nextCursor(response) };
    },
    getNextPageParam: (page) => page.next,
  });
  if (tickets.error && !tickets.data) return <Failure error={tickets.error} retry={() => void tickets.refetch()} />;
  if (!tickets.data) return <Loading />;
  const rows = tickets.data.pages.flatMap((page) => page.tickets);
  return (
    <>
      {may && (
        <Group justify="flex-end">
          <Button size="xs" variant="default" onClick={write.open}>
            {t("session.write")}
          </Button>
        </Group>
      )}
      {rows.length === 0 && <Empty icon={<IconInbox aria-hidden />} title={t("session.noTickets")} />}
      <ul className="timeline" aria-label={t("session.tickets")}>
        {rows.map((ticket) => (
          <Row key={ticket.id} ticket={ticket} />
        ))}
      </ul>
      {tickets.hasNextPage && (
        <Center p="sm">
          <Button variant="default" size="xs" loading={tickets.isFetchingNextPage} onClick={() => void tickets.fetchNextPage()}>
            {t("app.more")}
          </Button>
        </Center>
      )}
      {writing && <WriteDialog session={session} close={write.close} />}
    </>
  );
}

function Row({ ticket }: { ticket: Ticket }) {
  const { t } = useText();
  const projectId = useProjectId();
  const settings = useTicketSettings().data;
  const said = ticket.latestComment?.data.text;
  return (
    <li>
      <div style={{ flex: 1, minWidth: 0 }}>
        <Anchor size="sm" className="wrap" fw={550} renderRoot={(props) => <Link to="/p/$projectId/tickets/$ticketId" params={{ projectId, ticketId: ticket.id }} {...props} />}>
          {summaryOf(ticket)}
        </Anchor>
        {said && (
          <Text size="sm" className="quiet wrap" lineClamp={2}>
            {said}
          </Text>
        )}
        <Group gap={6} mt={4}>
          <Text size="xs" className="quiet number">
            #{ticket.bugId} · {titleIn(settings?.types, ticket.type)}
          </Text>
          <Badge size="xs" variant="default" tt="none">
            {titleIn(settings?.statuses, ticket.status)}
          </Badge>
          {ticket.priority === "HIGH" && (
            <Badge size="xs" variant="light" color="red" tt="none">
              {t("priority.HIGH")}
            </Badge>
          )}
        </Group>
      </div>
      <Text size="xs" className="quiet" style={{ whiteSpace: "nowrap" }}>
        <Ago at={ticket.lastNotification} />
      </Text>
    </li>
  );
}
