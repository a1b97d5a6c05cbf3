// A log of a report, as its client wrote it.
import { Code, ScrollArea, Stack } from "@mantine/core";
import { IconListDetails } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";

import { api, data } from "../../api/client";
import { useText } from "../../i18n";
import { Empty, Failure, Loading } from "../../shell/parts";
import { useProjectId } from "../../shell/project";

const PATHS = {
  console: "/v3/tickets/{ticketId}/console-logs",
  network: "/v3/tickets/{ticketId}/network-logs",
  activity: "/v3/tickets/{ticketId}/activity-logs",
} as const;

export function Log({ ticketId, log }: { ticketId: string; log: keyof typeof PATHS }) {
  const { t } = useText();
  const project = useProjectId();
  const entries = useQuery({
    queryKey: ["ticket", project, ticketId, log],
    queryFn: async () => (await data(api.GET(PATHS[log], { params: { path: { ticketId }, header: { project } } }))) as Record<string, unknown>[],
  });
  if (entries.error) return <Failure error={entries.error} retry={() => void entries.refetch()} />;
  if (!entries.data) return <Loading />;
  if (entries.data.length === 0) return <Empty icon={<IconListDetails aria-hidden />} title={t("ticket.noLog")} />;
  return (
    <ScrollArea.Autosize mah="70vh" type="auto" viewportProps={{ tabIndex: 0 }}>
      <Stack gap={4}>
        {entries.data.map((entry, index) => (
          <Code block key={index} fz="xs" style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
            {lineOf(entry)}
          </Code>
        ))}
      </Stack>
    </ScrollArea.Autosize>
  );
}

/** The entry in a line: the text of a console, otherwise all that it has. */
function lineOf({ date, priority, log, ...others }: Record<string, unknown>): string {
  const rest = Object.keys(others).length === 0 ? "" : JSON.stringify(others);
  return [date, priority, log, rest].filter((part) => part !== undefined && part !== "").map((part) => (typeof part === "string" ? part : JSON.stringify(part))).join("  ");
}
