// The inbox: the tickets of a view, and beside them the one that is open.
import { Button } from "@mantine/core";
import { IconArrowLeft, IconInbox } from "@tabler/icons-react";
import { Link, Outlet, useNavigate, useParams, useSearch } from "@tanstack/react-router";

import { useText } from "../../i18n";
import { Empty } from "../../shell/parts";
import { useNarrowed } from "../../shell/filter";
import { useProjectId } from "../../shell/project";
import { useShortcuts } from "../../shell/shortcuts";
import { useTitle } from "../../shell/title";
import { useConditions, useInbox } from "./query";
import { TicketList } from "./TicketList";
import { keptIn, viewOf } from "./views";

export function InboxPage() {
  const { t } = useText();
  const projectId = useProjectId();
  const { ticketId } = useParams({ strict: false });
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const view = viewOf(search.view);
  useTitle(ticketId === undefined ? t("tickets.title") : undefined);
  const { query } = useNarrowed(search.filter);
  const tickets = useInbox(useConditions(view), query, search.q?.trim() ?? "");
  const shown = tickets.data?.pages.flatMap((page) => page.tickets) ?? [];
  const open = (ticketId: string | undefined) => {
    const kept = keptIn(search);
    if (ticketId) void navigate({ to: "/p/$projectId/tickets/$ticketId", params: { projectId, ticketId }, search: kept });
    else void navigate({ to: "/p/$projectId/tickets", params: { projectId }, search: kept });
  };
  const step = (by: 1 | -1) => {
    const at = shown.findIndex(({ id }) => id === ticketId);
    const next = at === -1 ? shown[0] : shown[at + by];
    if (next) open(next.id);
  };
  useShortcuts({ j: () => step(1), k: () => step(-1), Escape: () => open(undefined) });
  return (
    <div className="inbox" data-open={ticketId !== undefined}>
      <TicketList view={view} tickets={tickets} current={ticketId} />
      <section className="inbox-ticket" aria-label={t("inbox.ticket")}>
        {ticketId ? (
          <>
            <Button
              className="inbox-back"
              variant="subtle"
              size="xs"
              mb="xs"
              leftSection={<IconArrowLeft size={16} aria-hidden />}
              renderRoot={(props) => <Link to="/p/$projectId/tickets" params={{ projectId }} search={keptIn(search)} {...props} />}
            >
              {t("inbox.back")}
            </Button>
            <Outlet />
          </>
        ) : (
          <div className="panel">
            <Empty icon={<IconInbox aria-hidden />} title={t("inbox.choose")}>
              {t("inbox.chooseHint")}
            </Empty>
          </div>
        )}
      </section>
    </div>
  );
}
