// What a session was sent, and how far its checklists are.
import { Badge, Table, Text, Title } from "@mantine/core";
import { IconSend } from "@tabler/icons-react";

import type { Session } from "../../api/client";
import { useText } from "../../i18n";
import { Ago } from "../../shell/Ago";
import { Empty } from "../../shell/parts";

/** What is known of something that was sent; other servers wrote it, so nothing of it is sure. */
interface Sent {
  outbound?: unknown;
  type?: unknown;
  sentAt?: unknown;
  seenAt?: unknown;
  clickedAt?: unknown;
}

interface Task {
  status?: unknown;
  completedSteps?: unknown;
  startedAt?: unknown;
  completedAt?: unknown;
}

const asText = (value: unknown) => (typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value));
const isDate = (value: unknown): value is string => typeof value === "string" && !Number.isNaN(Date.parse(value));

export function Outbound({ session }: { session: Session }) {
  const { t } = useText();
  const sent = (session.outboundHistory ?? []) as Sent[];
  const tasks = Object.entries((session.checklistTasks ?? {}) as Record<string, Task>);
  if (sent.length === 0 && tasks.length === 0) return <Empty icon={<IconSend aria-hidden />} title={t("outbound.nothing")} />;
  return (
    <>
      {sent.length > 0 && (
        <Table mb="lg">
          <Table.Thead>
            <Table.Tr>
              {(["what", "sent", "seen", "clicked"] as const).map((column) => (
                <Table.Th key={column}>{t(`outbound.${column}`)}</Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {sent.map((one, index) => (
              <Table.Tr key={index}>
                <Table.Td className="wrap">
                  {asText(one.outbound)} <span className="quiet">{asText(one.type)}</span>
                </Table.Td>
                {[one.sentAt, one.seenAt, one.clickedAt].map((at, index) => (
                  <Table.Td key={index}>
                    <When at={at} />
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      {tasks.length > 0 && (
        <section>
          <Title order={2} size="h5" mb="xs">
            {t("outbound.checklists")}
          </Title>
          {tasks.map(([id, task]) => (
            <div key={id} style={{ padding: "8px 0", borderTop: "1px solid var(--line)" }}>
              <Text size="sm" className="wrap">
                {id}{" "}
                <Badge size="sm" variant="light" color={task.status === "done" ? "green" : "gray"} tt="none">
                  {asText(task.status)}
                </Badge>
              </Text>
              <Text size="xs" className="quiet wrap">
                {t("outbound.steps", { steps: Array.isArray(task.completedSteps) ? task.completedSteps.map(asText).join(", ") || "–" : "–" })} · <When at={task.startedAt} />
              </Text>
            </div>
          ))}
        </section>
      )}
    </>
  );
}

function When({ at }: { at: unknown }) {
  return isDate(at) ? <Ago at={at} /> : <>–</>;
}
