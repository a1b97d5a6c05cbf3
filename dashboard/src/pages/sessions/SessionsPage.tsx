// The table of sessions: any number of them, as only the rows in view are drawn and pages are asked for as they come near.
import { Badge, Button, Checkbox, Group, Menu, Popover, Stack, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconColumns3, IconDownload, IconSearch, IconUsers } from "@tabler/icons-react";
import { Link, useNavigate, useSearch as useAddress } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState } from "react";

import { download, type Session } from "../../api/client";
import { useText } from "../../i18n";
import type { ListSearch } from "../../router";
import { useHidden } from "../../shell/deleting";
import { Empty, Face, Failure, Loading, nameOf, PageTitle, useTell } from "../../shell/parts";
import { fromAddress, toAddress, toQuery } from "../../shell/filter";
import { FilterBuilder } from "../../shell/FilterBuilder";
import { useMay, useProjectId } from "../../shell/project";
import { SavedViews } from "../../shell/SavedViews";
import { BulkActions } from "./BulkActions";
import { Cell, COLUMNS, useColumns, type Column } from "./columns";
import { FIELDS, NAMED } from "./fields";
import { useSearch, useSessionCount, useSessions } from "./query";

const ROW_PX = 48;
const NAME_PX = 260;
const SELECT_PX = 44;
/** Rows before the end at which the next page is asked for. */
const AHEAD_ROWS = 60;
const FOUND_MAX = 100;
const TYPING_MS = 120;

export function SessionsPage() {
  const { t, number } = useText();
  const projectId = useProjectId();
  const address = useAddress({ strict: false });
  const navigate = useNavigate();
  const go = (change: Partial<ListSearch>) => void navigate({ to: ".", search: { ...address, ...change }, replace: true });
  const conditions = useMemo(() => fromAddress(address.filter), [address.filter]);
  const filter = toQuery(conditions);
  const term = address.q?.trim() ?? "";
  const isSearch = term !== "";
  const pages = useSessions(projectId, filter, address.sort, !isSearch);
  const found = useSearch(projectId, term, FOUND_MAX);
  const total = useSessionCount(projectId, filter, !isSearch);
  const hidden = useHidden(projectId);
  const all = useMemo(() => (isSearch ? found.data : pages.data?.pages.flatMap((page) => page.sessions)) ?? [], [isSearch, found.data, pages.data]);
  const sessions = useMemo(() => all.filter(({ id }) => !hidden.has(id)), [all, hidden]);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [columns, chosen, choose] = useColumns();
  const source = isSearch ? found : pages;
  const known = isSearch ? found.data?.length : total.data;
  const count = known === undefined ? undefined : Math.max(0, known - (all.length - sessions.length));

  return (
    <div style={{ display: "flex", flexDirection: "column", height: "calc(100dvh - 96px)", minHeight: 420 }}>
      <PageTitle title={t("sessions.title")} hint={count !== undefined && (count === 1 ? t("sessions.countOne") : t("sessions.count", { count: number(count) }))}>
        <SavedViews listed="sessions" />
        <ColumnsMenu chosen={chosen} choose={choose} />
        <ExportMenu filter={filter} />
      </PageTitle>
      <Group gap="xs" mb="sm" align="flex-start">
        <SearchField initial={address.q ?? ""} search={(q) => go({ q: q || undefined })} />
        {!isSearch && <FilterBuilder fields={FIELDS} named={NAMED} conditions={conditions} change={(next) => go({ filter: toAddress(next) })} />}
      </Group>
      {selected.size > 0 && <BulkActions sessions={sessions.filter(({ id }) => selected.has(id))} clear={() => setSelected(new Set())} />}
      <div className="panel" style={{ flex: 1, display: "flex", flexDirection: "column", minHeight: 0, overflow: "hidden" }}>
        {source.error && sessions.length === 0 ? (
          <Failure error={source.error} retry={() => void source.refetch()} />
        ) : source.isPending ? (
          <Loading />
        ) : sessions.length === 0 ? (
          <Nothing isFiltered={isSearch || conditions.length > 0} />
        ) : (
          <Grid
            sessions={sessions}
            columns={columns}
            sort={isSearch ? undefined : (address.sort ?? "")}
            order={(sort) => go({ sort: sort || undefined })}
            more={() => {
              if (!isSearch && pages.hasNextPage && !pages.isFetchingNextPage) void pages.fetchNextPage();
            }}
            selected={selected}
            select={setSelected}
          />
        )}
      </div>
    </div>
  );
}

function SearchField({ initial, search }: { initial: string; search: (term: string) => void }) {
  const { t } = useText();
  const [term, setTerm] = useState(initial);
  const later = useDebouncedCallback(search, TYPING_MS);
  useEffect(() => setTerm(initial), [initial]);
  return (
    <TextInput
      type="search"
      aria-label={t("sessions.search")}
      placeholder={t("sessions.searchHint")}
      leftSection={<IconSearch size={16} aria-hidden />}
      w={{ base: "100%", xs: 320 }}
      value={term}
      onChange={(event) => {
        setTerm(event.currentTarget.value);
        later(event.currentTarget.value);
      }}
    />
  );
}

interface GridProps {
  sessions: Session[];
  columns: Column[];
  /** What the table is sorted by; nothing where it cannot be. */
  sort: string | undefined;
  order: (sort: string) => void;
  more: () => void;
  selected: ReadonlySet<string>;
  select: (ids: ReadonlySet<string>) => void;
}

function Grid({ sessions, columns, sort, order, more, selected, select }: GridProps) {
  const { t } = useText();
  const scroll = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({ count: sessions.length, getScrollElement: () => scroll.current, estimateSize: () => ROW_PX, overscan: 16 });
  const visible = rows.getVirtualItems();
  const last = visible.at(-1)?.index ?? 0;
  useEffect(() => {
    if (last >= sessions.length - AHEAD_ROWS) more();
  }, [last, sessions.length, more]);
  const allSelected = sessions.length > 0 && sessions.every(({ id }) => selected.has(id));
  const toggle = (id: string) => {
    const next = new Set(selected);
    if (!next.delete(id)) next.add(id);
    select(next);
  };
  return (
    <div className="grid" ref={scroll} role="table" aria-label={t("sessions.title")} aria-rowcount={sessions.length + 1} tabIndex={0}>
      <div className="row head" role="row">
        <div style={{ width: SELECT_PX }} role="columnheader">
          <Checkbox
            size="xs"
            aria-label={t("sessions.selectAll")}
            checked={allSelected}
            indeterminate={selected.size > 0 && !allSelected}
            onChange={() => select(allSelected ? new Set() : new Set(sessions.map(({ id }) => id)))}
          />
        </div>
        <div style={{ width: NAME_PX }} role="columnheader">
          {t("field.name")}
        </div>
        {columns.map((column) => (
          <Heading key={column.id} column={column} sort={sort} order={order} />
        ))}
      </div>
      <div style={{ height: rows.getTotalSize(), position: "relative" }} role="rowgroup">
        {visible.map(({ index, start }) => {
          const session = sessions[index];
          return (
            session && (
              <Row
                key={session.id}
                session={session}
                columns={columns}
                top={start}
                index={index}
                isSelected={selected.has(session.id)}
                toggle={() => toggle(session.id)}
              />
            )
          );
        })}
      </div>
    </div>
  );
}

function Heading({ column, sort, order }: { column: Column; sort: string | undefined; order: (sort: string) => void }) {
  const { t } = useText();
  const name = t(column.text);
  const isDown = sort === `-${column.id}`;
  const isUp = sort === column.id;
  const sorted = isDown ? "descending" : isUp ? "ascending" : "none";
  return (
    <div style={{ width: column.width }} role="columnheader" aria-sort={sorted}>
      {column.sorts && sort !== undefined ? (
        <button type="button" className="sort" title={t("sessions.sortBy", { column: name })} onClick={() => order(isDown ? column.id : isUp ? "" : `-${column.id}`)}>
          {name} {isDown ? "↓" : isUp ? "↑" : ""}
        </button>
      ) : (
        name
      )}
    </div>
  );
}

interface RowProps {
  session: Session;
  columns: Column[];
  top: number;
  index: number;
  isSelected: boolean;
  toggle: () => void;
}

function Row({ session, columns, top, index, isSelected, toggle }: RowProps) {
  const { t } = useText();
  const projectId = useProjectId();
  const name = nameOf(session, t("sessions.guest"));
  return (
    <div className="row body" role="row" aria-rowindex={index + 2} aria-selected={isSelected} style={{ height: ROW_PX, transform: `translateY(${top}px)` }}>
      <div style={{ width: SELECT_PX }} role="cell">
        <Checkbox size="xs" aria-label={t("sessions.select", { name })} checked={isSelected} onChange={toggle} />
      </div>
      <div style={{ width: NAME_PX }} role="cell">
        <Group gap="xs" wrap="nowrap">
          <Face name={name} />
          <Link to="/p/$projectId/sessions/$sessionId" params={{ projectId, sessionId: session.id }} style={{ overflow: "hidden", textOverflow: "ellipsis" }}>
            {name}
          </Link>
          {session.blocked && (
            <Badge size="xs" color="red" variant="light" tt="none" flex="none">
              {t("sessions.blocked")}
            </Badge>
          )}
        </Group>
      </div>
      {columns.map((column) => (
        <div key={column.id} style={{ width: column.width }} role="cell">
          <Cell session={session} column={column} />
        </div>
      ))}
    </div>
  );
}

function ColumnsMenu({ chosen, choose }: { chosen: string[]; choose: (ids: string[]) => void }) {
  const { t } = useText();
  return (
    <Popover position="bottom-end" trapFocus>
      <Popover.Target>
        <Button variant="default" leftSection={<IconColumns3 size={16} aria-hidden />}>
          {t("sessions.columns")}
        </Button>
      </Popover.Target>
      <Popover.Dropdown mah={420} style={{ overflowY: "auto" }}>
        <Checkbox.Group value={chosen} onChange={choose} aria-label={t("sessions.columns")}>
          <Stack gap="xs">
            {COLUMNS.map(({ id, text }) => (
              <Checkbox key={id} value={id} label={t(text)} size="sm" />
            ))}
          </Stack>
        </Checkbox.Group>
      </Popover.Dropdown>
    </Popover>
  );
}

function ExportMenu({ filter }: { filter: string | undefined }) {
  const { t } = useText();
  const projectId = useProjectId();
  const tell = useTell();
  const [isBusy, setBusy] = useState(false);
  const save = async (format: string) => {
    setBusy(true);
    const query = new URLSearchParams({ format, ...(filter && { filter }), ...(format === "csv" && { bom: "true" }) });
    try {
      await download(`/v3/sessions/export?${query}`, projectId, `sessions.${format}`);
      tell.done(t("sessions.exported"));
    } catch (error) {
      tell.failed(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" loading={isBusy} leftSection={<IconDownload size={16} aria-hidden />}>
          {t("sessions.export")}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {["csv", "ndjson", "json"].map((format) => (
          <Menu.Item key={format} onClick={() => void save(format)}>
            {format.toUpperCase()}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function Nothing({ isFiltered }: { isFiltered: boolean }) {
  const { t } = useText();
  const projectId = useProjectId();
  const mayImport = useMay("sessions:write");
  if (isFiltered) {
    return (
      <Empty icon={<IconSearch aria-hidden />} title={t("sessions.noMatch")}>
        {t("sessions.noMatchHint")}
      </Empty>
    );
  }
  return (
    <Empty
      icon={<IconUsers aria-hidden />}
      title={t("sessions.empty")}
      action={
        <Group>
          <Button renderRoot={(props) => <Link to="/p/$projectId/start" params={{ projectId }} {...props} />}>{t("nav.start")}</Button>
          {mayImport && (
            <Button variant="default" renderRoot={(props) => <Link to="/p/$projectId/imports" params={{ projectId }} {...props} />}>
              {t("nav.imports")}
            </Button>
          )}
        </Group>
      }
    >
      {t("sessions.emptyHint")}
    </Empty>
  );
}
