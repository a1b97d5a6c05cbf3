// The logs of a report, as its client wrote them.
import { Badge, Code, ScrollArea, SegmentedControl, Table, Text, TextInput } from "@mantine/core";
import { IconListDetails } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { api, data } from "../../api/client";
import { useText } from "../../i18n";
import { Empty, Failure, Loading } from "../../shell/parts";
import { useProjectId } from "../../shell/project";

const PATHS = {
  console: "/v3/tickets/{ticketId}/console-logs",
  network: "/v3/tickets/{ticketId}/network-logs",
  activity: "/v3/tickets/{ticketId}/activity-logs",
} as const;

type Entry = Record<string, unknown>;

const asText = (value: unknown) => (value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value));
const asObject = (value: unknown): Entry => (typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Entry) : {});

/** Reads a log, and shows the entries in which what is searched for stands. */
function Log({ ticketId, log, keep = () => true, filter, children }: LogProps) {
  const { t, number } = useText();
  const project = useProjectId();
  const [term, setTerm] = useState("");
  const entries = useQuery({
    queryKey: ["report", project, ticketId, log],
    queryFn: async () => (await data(api.GET(PATHS[log], { params: { path: { ticketId }, header: { project } } }))) as Entry[],
    staleTime: Infinity,
  });
  if (entries.error) return <Failure error={entries.error} retry={() => void entries.refetch()} />;
  if (!entries.data) return <Loading />;
  if (entries.data.length === 0) return <Empty icon={<IconListDetails aria-hidden />} title={t("ticket.noLog")} />;
  const wanted = term.trim().toLowerCase();
  const shown = entries.data.filter((entry) => keep(entry) && (wanted === "" || JSON.stringify(entry).toLowerCase().includes(wanted)));
  return (
    <>
      <div style={{ display: "flex", gap: 8, flexWrap: "wrap", alignItems: "center", marginBottom: 8 }}>
        <TextInput size="xs" type="search" aria-label={t("log.search")} placeholder={t("log.search")} value={term} onChange={(event) => setTerm(event.currentTarget.value)} />
        {filter}
        <Text size="xs" className="quiet number" role="status">
          {t("log.count", { shown: number(shown.length), all: number(entries.data.length) })}
        </Text>
      </div>
      <ScrollArea.Autosize mah="65vh" type="auto" viewportProps={{ tabIndex: 0 }}>
        {children(shown)}
      </ScrollArea.Autosize>
    </>
  );
}

interface LogProps {
  ticketId: string;
  log: keyof typeof PATHS;
  keep?: (entry: Entry) => boolean;
  filter?: ReactNode;
  children: (entries: Entry[]) => ReactNode;
}

const LEVELS: Record<string, string> = { ERROR: "red", WARNING: "yellow", WARN: "yellow", INFO: "gray", CLICK: "blue" };

export function ConsoleLog({ ticketId }: { ticketId: string }) {
  const { t } = useText();
  const [level, setLevel] = useState("all");
  const levelOf = ({ priority }: Entry) => asText(priority).toUpperCase();
  const isWanted = (entry: Entry) => level === "all" || levelOf(entry) === level || (level === "WARNING" && levelOf(entry) === "WARN");
  const levels = [
    { value: "all", label: t("log.all") },
    { value: "ERROR", label: t("log.errors") },
    { value: "WARNING", label: t("log.warnings") },
  ];
  const filter = <SegmentedControl size="xs" aria-label={t("log.level")} data={levels} value={level} onChange={setLevel} />;
  return (
    <Log ticketId={ticketId} log="console" keep={isWanted} filter={filter}>
      {(entries) => (
        <Table verticalSpacing={3} layout="fixed">
          <Table.Tbody>
            {entries.map((entry, index) => (
              <Table.Tr key={index}>
                <When entry={entry} />
                <Table.Td w={92} style={{ verticalAlign: "top" }}>
                  <Badge size="xs" variant="light" color={LEVELS[levelOf(entry)] ?? "gray"}>
                    {levelOf(entry)}
                  </Badge>
                </Table.Td>
                <Table.Td className="wrap log-text">{asText(entry["log"])}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Log>
  );
}

/** The status of an answer; phones write it beside the answer. */
const statusOf = (entry: Entry) => asObject(entry["response"])["status"] ?? entry["status"];
const isFault = (entry: Entry) => Number(statusOf(entry)) >= 400 || entry["success"] === false;

export function NetworkLog({ ticketId }: { ticketId: string }) {
  const { t, number } = useText();
  const [which, setWhich] = useState("all");
  const filter = (
    <SegmentedControl
      size="xs"
      aria-label={t("log.level")}
      data={[
        { value: "all", label: t("log.all") },
        { value: "failed", label: t("log.failed") },
      ]}
      value={which}
      onChange={setWhich}
    />
  );
  return (
    <Log ticketId={ticketId} log="network" keep={(entry) => which === "all" || isFault(entry)} filter={filter}>
      {(entries) =>
        entries.map((entry, index) => (
          <details key={index} className="log-entry">
            <summary>
              <Clock at={entry["date"]} />
              <b className="log-method">{asText(entry["type"])}</b>
              <span className="wrap" style={{ flex: 1 }}>
                {asText(entry["url"])}
              </span>
              {statusOf(entry) !== undefined && (
                <Badge size="xs" variant="light" color={isFault(entry) ? "red" : "green"}>
                  {asText(statusOf(entry))}
                </Badge>
              )}
              {typeof entry["duration"] === "number" && (
                <Text span size="xs" className="quiet number">
                  {t("log.milliseconds", { count: number(Math.round(entry["duration"])) })}
                </Text>
              )}
            </summary>
            {(["request", "response"] as const).map(
              (part) =>
                entry[part] !== undefined && (
                  <div key={part}>
                    <Text size="xs" fw={600} mt={6}>
                      {t(`log.${part}`)}
                    </Text>
                    <Code block fz="xs" style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
                      {JSON.stringify(entry[part], null, 2)}
                    </Code>
                  </div>
                ),
            )}
          </details>
        ))
      }
    </Log>
  );
}

export function ActivityLog({ ticketId }: { ticketId: string }) {
  return (
    <Log ticketId={ticketId} log="activity">
      {(entries) => (
        <Table verticalSpacing={3} layout="fixed">
          <Table.Tbody>
            {entries.map((entry, index) => (
              <Table.Tr key={index}>
                <When entry={entry} />
                <Table.Td className="wrap log-text">
                  <b>{asText(entry["name"])}</b> {asText(entry["data"])}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Log>
  );
}

function When({ entry }: { entry: Entry }) {
  return (
    <Table.Td w={116} style={{ verticalAlign: "top" }}>
      <Clock at={entry["date"]} />
    </Table.Td>
  );
}

/** The time of an entry, as the client wrote it where that is no time. */
function Clock({ at }: { at: unknown }) {
  const { time, date } = useText();
  const text = asText(at);
  const isTime = !Number.isNaN(Date.parse(text));
  return (
    <Text span size="xs" className="quiet number" title={isTime ? date(text) : undefined} style={{ whiteSpace: "nowrap" }}>
      {isTime ? time(text) : text}
    </Text>
  );
}
