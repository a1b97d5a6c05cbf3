// The tickets of a session, newest first.
import { Anchor, Badge, Button, Center, ScrollArea, Table } from "@mantine/core";
import { IconInbox } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { api, nextCursor } from "../../api/client";
import { useText } from "../../i18n";
import { Empty, Failure, Loading } from "../../shell/parts";
import { useProjectId } from "../../shell/project";

const TICKETS_PER_PAGE = 50;

export function SessionTickets({ sessionId }: { sessionId: string }) {
  const { t, ago, date } = useText();
  const projectId = useProjectId();
  const tickets = useInfiniteQuery({
    queryKey: ["tickets", projectId, "session", sessionId],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam }) => {
      const query = { limit: TICKETS_PER_PAGE, cursor: pageParam, filter: JSON.stringify({ session: sessionId }), sort: "-createdAt" };
      const { data, response } = await api.GET("/v3/tickets", { params: { header: { project: projectId }, query } });
      return { tickets: data?.tickets ?? [], next: nextCursor(response) };
    },
    getNextPageParam: (page) => page.next,
  });
  if (tickets.error) return <Failure error={tickets.error} retry={() => void tickets.refetch()} />;
  if (!tickets.data) return <Loading />;
  const rows = tickets.data.pages.flatMap((page) => page.tickets);
  if (rows.length === 0) return <Empty icon={<IconInbox aria-hidden />} title={t("session.noTickets")} />;
  return (
    <ScrollArea type="auto" viewportProps={{ tabIndex: 0 }}>
      <Table highlightOnHover miw={560}>
        <Table.Thead>
          <Table.Tr>
            {(["number", "type", "status", "priority", "created"] as const).map((column) => (
              <Table.Th key={column}>{t(`tickets.${column}`)}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((ticket) => (
            <Table.Tr key={ticket.id}>
              <Table.Td className="number">
                <Anchor size="sm" renderRoot={(props) => <Link to="/p/$projectId/tickets/$ticketId" params={{ projectId, ticketId: ticket.id }} {...props} />}>
                  #{ticket.bugId}
                </Anchor>
              </Table.Td>
              <Table.Td>{ticket.type}</Table.Td>
              <Table.Td>
                <Badge variant="default" tt="none">
                  {ticket.status}
                </Badge>
              </Table.Td>
              <Table.Td>{ticket.priority}</Table.Td>
              <Table.Td title={date(ticket.createdAt)}>{ago(ticket.createdAt)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {tickets.hasNextPage && (
        <Center p="sm">
          <Button variant="default" size="xs" loading={tickets.isFetchingNextPage} onClick={() => void tickets.fetchNextPage()}>
            {t("app.more")}
          </Button>
        </Center>
      )}
    </ScrollArea>
  );
}
