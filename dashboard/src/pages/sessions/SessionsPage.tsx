// The table of sessions: any number of them, as only the rows in view are drawn, and only the pages around them are kept.
import { Badge, Button, Checkbox, Group, Menu, Popover, Skeleton, Stack, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconColumns3, IconDownload, IconPlus, IconSearch, IconUsers } from "@tabler/icons-react";
import { Link, useNavigate, useSearch as useAddress } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, startTransition, useCallback, useEffect, useRef, useState, type Dispatch, type SetStateAction } from "react";

import { download, type Session } from "../../api/client";
import { useText } from "../../i18n";
import type { ListSearch } from "../../router";
import { useHidden } from "../../shell/deleting";
import { Empty, Face, Failure, Loading, nameOf, PageTitle, useTell } from "../../shell/parts";
import { toAddress, useNarrowed } from "../../shell/filter";
import { FilterBuilder } from "../../shell/FilterBuilder";
import { useMay, useProjectId } from "../../shell/project";
import { SavedViews } from "../../shell/SavedViews";
import { BulkActions } from "./BulkActions";
import { Cell, COLUMNS, customColumn, useColumnName, useColumns, type Column } from "./columns";
import { FIELDS, NAMED } from "./fields";
import { useSearch, useSessionCount, useSessions, type Listed } from "./query";

const ROW_PX = 48;
const NAME_PX = 260;
const SELECT_PX = 44;
/** Rows that are drawn beyond those in view: few at first, so that these are there sooner. */
const BEYOND = { first: 2, then: 16 };
/** How exactly the page is told which row is looked at. */
const NEAR_ROWS = 50;
const FOUND_MAX = 100;
/** The server counts no further. */
const COUNTED_MAX = 100_000;
const TYPING_MS = 120;

export function SessionsPage() {
  const { t, number } = useText();
  const projectId = useProjectId();
  const address = useAddress({ strict: false });
  const navigate = useNavigate();
  const go = (change: Partial<ListSearch>) => void navigate({ to: ".", search: { ...address, ...change }, replace: true });
  const { narrowed, query: filter } = useNarrowed(address.filter);
  const term = address.q?.trim() ?? "";
  const isSearch = term !== "";
  const [near, setNear] = useState(0);
  const pages = useSessions(projectId, filter, address.sort, !isSearch, near);
  const found = useSearch(projectId, term, FOUND_MAX);
  const total = useSessionCount(projectId, filter, !isSearch);
  const listed: Pick<Listed, "rows" | "offset" | "count"> = isSearch ? { rows: found.data ?? [], offset: 0, count: found.data?.length ?? 0 } : pages;
  const hidden = useHidden(projectId);
  const rows = listed.rows.filter((session) => !session || !hidden.has(session.id));
  const gone = listed.rows.length - rows.length;
  const list = isSearch ? `search ${term}` : JSON.stringify([filter, address.sort]);
  const [selected, setSelected] = useState(NONE);
  // Nothing happens to what another list had.
  useEffect(() => setSelected(NONE), [list]);
  // As they are now, where they are at hand.
  const chosen = [...new Map([...selected, ...byId(rows).filter(([id]) => selected.has(id))]).values()].filter(({ id }) => !hidden.has(id));
  const [columns, chooseColumns] = useColumns();
  const source = isSearch ? found : pages;
  const known = isSearch ? found.data?.length : total.data;
  const count = known === undefined || known === COUNTED_MAX ? known : Math.max(0, known - gone);

  return (
    <div style={{ display: "flex", flexDirection: "column", height: "calc(100dvh - 96px)", minHeight: 420 }}>
      <PageTitle title={t("sessions.title")} hint={count !== undefined && t(countText(count), { count: number(count) })}>
        <SavedViews listed="sessions" />
        <ColumnsMenu columns={columns} choose={chooseColumns} />
        <ExportMenu filter={filter} />
      </PageTitle>
      <Group gap="xs" mb="sm" align="flex-start">
        <SearchField initial={address.q ?? ""} search={(q) => go({ q: q || undefined })} />
        {!isSearch && <FilterBuilder fields={FIELDS} named={NAMED} narrowed={narrowed} change={(next) => go({ filter: toAddress(next) })} />}
      </Group>
      {chosen.length > 0 && <BulkActions sessions={chosen} clear={() => setSelected(NONE)} />}
      <div className="panel" style={{ flex: 1, display: "flex", flexDirection: "column", minHeight: 0, overflow: "hidden" }}>
        {source.error ? <Failure error={source.error} retry={() => void source.refetch()} /> : null}
        {source.isPending ? (
          <Loading />
        ) : listed.count > gone ? (
          <Grid
            list={list}
            rows={rows}
            offset={listed.offset}
            count={listed.count - gone}
            columns={columns}
            sort={isSearch ? undefined : (address.sort ?? "")}
            order={(sort) => go({ sort: sort || undefined })}
            look={setNear}
            selected={selected}
            select={setSelected}
          />
        ) : (
          !source.error && <Nothing isFiltered={isSearch || narrowed.parts.length > 0} />
        )}
      </div>
    </div>
  );
}

const countText = (count: number) => (count === 1 ? "sessions.countOne" : count === COUNTED_MAX ? "sessions.countMore" : "sessions.count");

/** Those that arrived, under their ids. */
const byId = (rows: (Session | undefined)[]) => rows.flatMap((session) => (session ? [[session.id, session] as const] : []));

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

/** Sessions by their ids, as they were when they were selected: they may have left the table. */
type Selected = ReadonlyMap<string, Session>;

const NONE: Selected = new Map();

interface GridProps {
  /** What is listed: another list begins at its top. */
  list: string;
  /** Rows from number `offset` on, out of `count`. */
  rows: (Session | undefined)[];
  offset: number;
  count: number;
  columns: Column[];
  /** What the table is sorted by; nothing where it cannot be. */
  sort: string | undefined;
  order: (sort: string) => void;
  /** Hears which row is looked at. */
  look: (index: number) => void;
  selected: Selected;
  select: Dispatch<SetStateAction<Selected>>;
}

function Grid({ list, rows, offset, count, columns, sort, order, look, selected, select }: GridProps) {
  const { t } = useText();
  const scroll = useRef<HTMLDivElement>(null);
  const [beyond, setBeyond] = useState(BEYOND.first);
  useEffect(() => startTransition(() => setBeyond(BEYOND.then)), []);
  const drawn = useVirtualizer({ count, getScrollElement: () => scroll.current, estimateSize: () => ROW_PX, overscan: beyond });
  useEffect(() => {
    scroll.current?.scrollTo({ top: 0 });
  }, [list]);
  const visible = drawn.getVirtualItems();
  const middle = visible[Math.floor(visible.length / 2)]?.index ?? 0;
  const near = middle - (middle % NEAR_ROWS);
  useEffect(() => look(near), [near, look]);
  const loaded = byId(rows);
  const allSelected = loaded.length > 0 && loaded.every(([id]) => selected.has(id));
  const toggle = useCallback(
    (session: Session) =>
      select((selected) => {
        const next = new Map(selected);
        if (!next.delete(session.id)) next.set(session.id, session);
        return next;
      }),
    [select],
  );
  return (
    <div className="grid" ref={scroll} role="table" aria-label={t("sessions.title")} aria-rowcount={count + 1} tabIndex={0}>
      <div className="row head" role="row">
        <div style={{ width: SELECT_PX }} role="columnheader">
          <Checkbox
            size="xs"
            aria-label={t("sessions.selectAll")}
            checked={allSelected}
            indeterminate={selected.size > 0 && !allSelected}
            onChange={() => select(new Map(allSelected ? [] : [...selected, ...loaded]))}
          />
        </div>
        <div style={{ width: NAME_PX }} role="columnheader">
          {t("field.name")}
        </div>
        {columns.map((column) => (
          <Heading key={column.id} column={column} sort={sort} order={order} />
        ))}
      </div>
      <div style={{ height: drawn.getTotalSize(), position: "relative" }} role="rowgroup">
        {visible.map(({ index, start }) => {
          const session = rows[index - offset];
          if (!session) return <Waiting key={index} top={start} index={index} />;
          return <Row key={index} session={session} columns={columns} top={start} index={index} isSelected={selected.has(session.id)} toggle={toggle} />;
        })}
      </div>
    </div>
  );
}

/** A row that is on its way. */
function Waiting({ top, index }: { top: number; index: number }) {
  return (
    <div className="row body" role="row" aria-rowindex={index + 2} aria-busy style={{ height: ROW_PX, transform: `translateY(${top}px)` }}>
      <div style={{ width: SELECT_PX + NAME_PX }} role="cell">
        <Skeleton height={12} animate={false} />
      </div>
    </div>
  );
}

function Heading({ column, sort, order }: { column: Column; sort: string | undefined; order: (sort: string) => void }) {
  const { t } = useText();
  const name = useColumnName()(column);
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
  toggle: (session: Session) => void;
}

/** Drawn again only when it is another: a page that arrives leaves the rows of the others alone. */
const Row = memo(function Row({ session, columns, top, index, isSelected, toggle }: RowProps) {
  const { t } = useText();
  const projectId = useProjectId();
  const name = nameOf(session, t("sessions.guest"));
  return (
    <div className="row body" role="row" aria-rowindex={index + 2} aria-selected={isSelected} style={{ height: ROW_PX, transform: `translateY(${top}px)` }}>
      <div style={{ width: SELECT_PX }} role="cell">
        <Checkbox size="xs" aria-label={t("sessions.select", { name })} checked={isSelected} onChange={() => toggle(session)} />
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
});

function ColumnsMenu({ columns, choose }: { columns: Column[]; choose: (ids: string[]) => void }) {
  const { t } = useText();
  const nameOf = useColumnName();
  const [name, setName] = useState("");
  const chosen = columns.map(({ id }) => id);
  // What is taken away stays in the list while it is open.
  const [offered, offer] = useState(COLUMNS);
  const all = [...offered, ...columns.filter(({ id }) => !offered.some((column) => column.id === id))];
  return (
    <Popover position="bottom-end" trapFocus>
      <Popover.Target>
        <Button variant="default" leftSection={<IconColumns3 size={16} aria-hidden />}>
          {t("sessions.columns")}
        </Button>
      </Popover.Target>
      <Popover.Dropdown mah={420} style={{ overflowY: "auto" }}>
        <Checkbox.Group
          value={chosen}
          onChange={(ids) => {
            offer(all);
            choose(ids);
          }}
          aria-label={t("sessions.columns")}
        >
          <Stack gap="xs">
            {all.map((column) => (
              <Checkbox key={column.id} value={column.id} label={nameOf(column)} size="sm" />
            ))}
          </Stack>
        </Checkbox.Group>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            const { id } = customColumn(name.trim());
            if (name.trim() !== "" && !chosen.includes(id)) choose([...chosen, id]);
            setName("");
          }}
        >
          <TextInput size="xs" mt="sm" aria-label={t("columns.add")} placeholder={t("columns.add")} leftSection={<IconPlus size={14} aria-hidden />} value={name} onChange={(event) => setName(event.currentTarget.value)} />
        </form>
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
