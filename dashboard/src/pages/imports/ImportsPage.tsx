// Drop a file, say which column is what, see what would happen, import, take it back.
import { Badge, Button, Group, Progress, Table, Text, Title } from "@mantine/core";
import { IconFileImport, IconUpload } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";

import type { Import } from "../../api/client";
import { useText } from "../../i18n";
import { Ago } from "../../shell/Ago";
import { Confirm } from "../../shell/Confirm";
import { Empty, Failure, Loading, PageTitle, useTell } from "../../shell/parts";
import { useMay, useProjectId } from "../../shell/project";
import { Mapping } from "./Mapping";
import { isUnfinished, useImportActions, useImports } from "./query";

export function ImportsPage() {
  const { t } = useText();
  const projectId = useProjectId();
  const may = useMay("sessions:write");
  const imports = useImports(projectId);
  const { refresh } = useImportActions(projectId);
  const [file, setFile] = useState<File>();
  // What finishes changes the sessions that other pages show.
  const working = imports.data?.filter(isUnfinished).length ?? 0;
  const before = useRef(working);
  useEffect(() => {
    if (working < before.current) refresh();
    before.current = working;
  }, [working, refresh]);
  return (
    <>
      <PageTitle title={t("imports.title")} />
      {may && (file ? <Mapping file={file} close={() => setFile(undefined)} /> : <DropZone choose={setFile} />)}
      <Title order={2} size="h4" mt="xl" mb="sm">
        {t("imports.past")}
      </Title>
      {imports.error && !imports.data && <Failure error={imports.error} retry={() => void imports.refetch()} />}
      {imports.isPending && <Loading />}
      <div className="panel" style={{ padding: "4px 16px" }}>
        {imports.data?.length === 0 && <Empty icon={<IconFileImport aria-hidden />} title={t("imports.empty")} />}
        <ul className="timeline">
          {imports.data?.map((one) => (
            <Past key={one.id} one={one} may={may} />
          ))}
        </ul>
      </div>
    </>
  );
}

function DropZone({ choose }: { choose: (file: File) => void }) {
  const { t } = useText();
  const input = useRef<HTMLInputElement>(null);
  const [isOver, setOver] = useState(false);
  return (
    <div
      className={isOver ? "drop over" : "drop"}
      data-testid="drop"
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        const [file] = event.dataTransfer.files;
        if (file) choose(file);
      }}
    >
      <IconUpload size={30} stroke={1.5} aria-hidden />
      <Text fw={600} mt="xs">
        {t("imports.drop")}
      </Text>
      <Text size="sm" className="quiet" mb="md">
        {t("imports.dropHint")}
      </Text>
      <input
        ref={input}
        type="file"
        hidden
        aria-label={t("imports.choose")}
        accept=".csv,.tsv,.txt,.json,.ndjson,.jsonl"
        onChange={(event) => {
          const [file] = event.currentTarget.files ?? [];
          if (file) choose(file);
        }}
      />
      <Button onClick={() => input.current?.click()}>{t("imports.choose")}</Button>
    </div>
  );
}

const COLORS: Record<string, string> = { done: "green", failed: "red", running: "hark", undoing: "yellow" };

function Past({ one, may }: { one: Import; may: boolean }) {
  const { t } = useText();
  const projectId = useProjectId();
  const { cancel, undo } = useImportActions(projectId);
  const tell = useTell();
  const [isAsked, ask] = useState(false);
  const attempt = (work: Promise<void>) => void work.catch(tell.failed);
  return (
    <li style={{ display: "block" }}>
      <Group justify="space-between">
        <div style={{ minWidth: 0 }}>
          <Group gap="xs">
            <Text fw={600} className="wrap">
              {one.name ?? one.id}
            </Text>
            <Badge variant="light" color={COLORS[one.status] ?? "gray"} tt="none">
              {t(`imports.status.${one.status}`)}
            </Badge>
            {one.dryRun && (
              <Badge variant="default" tt="none">
                {t("imports.dryRun")}
              </Badge>
            )}
          </Group>
          <Counts one={one} />
        </div>
        <Group gap="xs">
          <Text size="xs" className="quiet">
            <Ago at={one.createdAt} />
          </Text>
          {may && (one.status === "queued" || one.status === "running") && (
            <Button size="compact-sm" variant="default" onClick={() => attempt(cancel(one.id))}>
              {t("imports.cancel")}
            </Button>
          )}
          {may && !one.dryRun && ["done", "cancelled"].includes(one.status) && one.created + one.updated > 0 && (
            <Button size="compact-sm" variant="default" onClick={() => ask(true)}>
              {t("imports.undo")}
            </Button>
          )}
        </Group>
      </Group>
      {isUnfinished(one) && <Progress mt="xs" value={one.bytes ? (100 * one.bytesRead) / one.bytes : 0} animated aria-label={t(`imports.status.${one.status}`)} />}
      <Faults one={one} />
      <Confirm
        opened={isAsked}
        title={t("imports.undoTitle")}
        action={t("imports.undo")}
        color="hark"
        confirm={() => {
          ask(false);
          attempt(undo(one.id));
        }}
        close={() => ask(false)}
      >
        {t("imports.undoHint")}
      </Confirm>
    </li>
  );
}

export function Counts({ one }: { one: Import }) {
  const { t, number } = useText();
  const { created, updated, unchanged, failed } = one;
  return (
    <Text size="sm" className="quiet number">
      {t("imports.counts", { created: number(created), updated: number(updated), unchanged: number(unchanged), failed: number(failed) })}
    </Text>
  );
}

export function Faults({ one }: { one: Import }) {
  const { t } = useText();
  if (one.errors.length === 0) return null;
  return (
    <Table mt="xs" fz="sm">
      <Table.Thead>
        <Table.Tr>
          <Table.Th w={80}>{t("imports.line")}</Table.Th>
          <Table.Th>{t("imports.fault")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {one.errors.map(({ line, message }, index) => (
          <Table.Tr key={index}>
            <Table.Td className="number">{line}</Table.Td>
            <Table.Td className="wrap">{message}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
