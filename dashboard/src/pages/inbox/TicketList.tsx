import { Badge, Button, Center, Group, Text, TextInput, Title } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconEye, IconInbox, IconPencil, IconSearch } from "@tabler/icons-react";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";

import type { Ticket } from "../../api/client";
import { useText } from "../../i18n";
import { Ago } from "../../shell/Ago";
import { fromAddress, toAddress } from "../../shell/filter";
import { AddCondition, Conditions, type FilterProps } from "../../shell/FilterBuilder";
import { usePresent } from "../../shell/Live";
import { Empty, Face, Failure, Loading, nameOf } from "../../shell/parts";
import { nameOfMember, useMe, useProjectId, useTeams } from "../../shell/project";
import { SavedViews } from "../../shell/SavedViews";
import { useShortcuts } from "../../shell/shortcuts";
import { summaryOf } from "../ticket/query";
import { NAMED, useTicketFields } from "./fields";
import { titleIn, useTicketSettings, type useInbox } from "./query";
import { keptIn, titleOf, VIEWS, type View } from "./views";

const TYPING_MS = 150;

export function TicketList({ view, tickets, current }: { view: View; tickets: ReturnType<typeof useInbox>; current: string | undefined }) {
  const { t, number } = useText();
  const search = useSearch({ strict: false });
  const known = VIEWS.find((known) => known === view);
  const teams = useTeams();
  const name = known ? t(titleOf(known)) : teams.data?.find(({ id }) => view === `team:${id}`)?.name;
  const total = tickets.data?.pages[0]?.total;
  const navigate = useNavigate();
  const filter: FilterProps = {
    narrowed: fromAddress(search.filter),
    change: (next) => void navigate({ to: ".", search: { ...search, filter: toAddress(next) }, replace: true }),
    fields: useTicketFields(),
    named: NAMED,
  };
  return (
    <section className="inbox-list panel" aria-label={t("tickets.title")}>
      <div style={{ padding: "14px 14px 8px" }}>
        <Group justify="space-between" align="baseline" mb="xs" wrap="nowrap">
          <Title order={1} size="h4">
            {t("tickets.title")}
          </Title>
          <Text size="sm" className="quiet number" truncate>
            {search.q ? t("inbox.found") : name} {total !== undefined && `· ${number(total)}`}
          </Text>
        </Group>
        <Group gap="xs" wrap="nowrap">
          <SearchField />
          <AddCondition {...filter} isSmall />
          <SavedViews listed="tickets" isSmall />
        </Group>
        {filter.narrowed.parts.length > 0 && (
          <Group className="conditions" gap={6} mt="xs">
            <Conditions {...filter} />
          </Group>
        )}
      </div>
      <Rows tickets={tickets} current={current} isNarrowed={search.q !== undefined || filter.narrowed.parts.length > 0} />
    </section>
  );
}

function SearchField() {
  const { t } = useText();
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const field = useRef<HTMLInputElement>(null);
  const [term, setTerm] = useState(search.q ?? "");
  const later = useDebouncedCallback((q: string) => void navigate({ to: ".", search: { ...search, q: q.trim() || undefined }, replace: true }), TYPING_MS);
  // Another view was chosen, which begins without a search.
  useEffect(() => {
    if (search.q === undefined && document.activeElement !== field.current) setTerm("");
  }, [search.q]);
  useShortcuts({ "/": () => field.current?.focus() });
  return (
    <TextInput
      ref={field}
      size="sm"
      style={{ flex: 1 }}
      type="search"
      aria-label={t("inbox.search")}
      placeholder={t("inbox.searchHint")}
      leftSection={<IconSearch size={14} aria-hidden />}
      value={term}
      onChange={({ currentTarget: { value } }) => {
        setTerm(value);
        later(value);
      }}
      onKeyDown={({ key, currentTarget }) => key === "Escape" && currentTarget.blur()}
    />
  );
}

function Rows({ tickets, current, isNarrowed }: { tickets: ReturnType<typeof useInbox>; current: string | undefined; isNarrowed: boolean }) {
  const { t } = useText();
  // What a view shows depends on them.
  const settings = useTicketSettings();
  if (settings.error && !settings.data) return <Failure error={settings.error} retry={() => void settings.refetch()} />;
  if (tickets.error && !tickets.data) return <Failure error={tickets.error} retry={() => void tickets.refetch()} />;
  if (!tickets.data) return <Loading />;
  const rows = tickets.data.pages.flatMap((page) => page.tickets);
  if (rows.length === 0) {
    return (
      <Empty icon={<IconInbox aria-hidden />} title={t(isNarrowed ? "inbox.noMatch" : "inbox.empty")}>
        {t(isNarrowed ? "inbox.noMatchHint" : "tickets.emptyHint")}
      </Empty>
    );
  }
  return (
    <>
      <ul className="inbox-rows">
        {rows.map((ticket) => (
          <Row key={ticket.id} ticket={ticket} isCurrent={ticket.id === current} />
        ))}
      </ul>
      {tickets.hasNextPage && (
        <Center p="sm">
          <Button variant="default" size="xs" loading={tickets.isFetchingNextPage} onClick={() => void tickets.fetchNextPage()}>
            {t("app.more")}
          </Button>
        </Center>
      )}
    </>
  );
}

function Row({ ticket, isCurrent }: { ticket: Ticket; isCurrent: boolean }) {
  const { t } = useText();
  const projectId = useProjectId();
  const search = useSearch({ strict: false });
  const settings = useTicketSettings();
  const link = useRef<HTMLAnchorElement>(null);
  useEffect(() => {
    if (isCurrent) link.current?.scrollIntoView({ block: "nearest" });
  }, [isCurrent]);
  const status = titleIn(settings.data?.statuses, ticket.status);
  const from = ticket.session ? nameOf(ticket.session, t("sessions.guest")) : t("inbox.nobody");
  const handler = ticket.processingUser && nameOfMember(ticket.processingUser);
  return (
    <li>
      <Link
        ref={link}
        className="inbox-row"
        to="/p/$projectId/tickets/$ticketId"
        params={{ projectId, ticketId: ticket.id }}
        search={keptIn(search)}
        aria-current={isCurrent ? "true" : undefined}
        data-unread={ticket.notificationsUnread}
      >
        <Group gap="xs" wrap="nowrap" justify="space-between">
          <Text size="sm" fw={ticket.notificationsUnread ? 700 : 500} truncate>
            {from}
          </Text>
          <Text size="xs" className="quiet" flex="none">
            <Ago at={ticket.lastNotification} />
          </Text>
        </Group>
        <Text size="sm" truncate fw={ticket.notificationsUnread ? 600 : 400}>
          {ticket.notificationsUnread && <span className="unread-dot" role="img" aria-label={t("inbox.isUnread")} />}
          {summaryOf(ticket)}
        </Text>
        <Group gap={6} wrap="nowrap" mt={4}>
          <Text size="xs" className="quiet number" flex="none">
            #{ticket.bugId}
          </Text>
          <Badge size="xs" variant="default" tt="none">
            {status}
          </Badge>
          {ticket.priority === "HIGH" && (
            <Badge size="xs" variant="light" color="red" tt="none">
              {t("priority.HIGH")}
            </Badge>
          )}
          <Others ticketId={ticket.id} />
          {handler && (
            <span style={{ marginLeft: "auto" }} title={handler}>
              <Face name={handler} size={18} />
            </span>
          )}
        </Group>
      </Link>
    </li>
  );
}

/** That somebody else is with the ticket. */
function Others({ ticketId }: { ticketId: string }) {
  const { t } = useText();
  const me = useMe();
  const { present } = usePresent();
  const others = present.filter(({ ticket, user }) => ticket === ticketId && user !== me.data?.id);
  if (others.length === 0) return null;
  const isTyping = others.some(({ doing }) => doing === "typing");
  const text = t(isTyping ? "inbox.othersType" : "inbox.othersLook");
  const Icon = isTyping ? IconPencil : IconEye;
  return <Icon size={15} role="img" aria-label={text} title={text} />;
}
