import { Alert, Button, Checkbox, Group, ScrollArea, Select, Table, Text, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { useText, type Key } from "../../i18n";
import { en } from "../../i18n/en";
import { Failure } from "../../shell/parts";
import { useProjectId } from "../../shell/project";
import { customOf, FIELDS, guess, headOf, type Head } from "./csv";
import { Faults } from "./ImportsPage";
import { isUnfinished, startImport, useImportActions, useImports } from "./query";

export function Mapping({ file, close }: { file: File; close: () => void }) {
  const { t, number } = useText();
  const projectId = useProjectId();
  const { refresh } = useImportActions(projectId);
  const [head, setHead] = useState<Head>();
  const [fields, setFields] = useState<Record<string, string>>({});
  const [partial, setPartial] = useState(false);
  const [checkedId, setCheckedId] = useState<string>();
  const checked = useImports(projectId).data?.find(({ id }) => id === checkedId);
  useEffect(() => {
    void headOf(file).then((head) => {
      setHead(head);
      if (head) setFields(guesses(head.columns));
    });
  }, [file]);
  const start = useMutation({
    mutationFn: (dryRun: boolean) => startImport(projectId, { file, mapping: head && fields, partial, dryRun }),
    onSuccess: (made) => {
      refresh();
      if (made.dryRun) setCheckedId(made.id);
      else close();
    },
  });
  const isChecking = (start.isPending && start.variables) || (checkedId !== undefined && (!checked || isUnfinished(checked)));
  const { created = 0, updated = 0, unchanged = 0, failed = 0 } = checked ?? {};
  return (
    <section className="panel" style={{ padding: 18 }}>
      <Title order={2} size="h4">
        {t("imports.map")}
      </Title>
      <Text size="sm" className="quiet wrap" mb="sm">
        {head ? t("imports.mapHint", { name: file.name, columns: head.columns.length }) : file.name}
      </Text>
      {head && <Columns head={head} fields={fields} change={(column, field) => setFields((before) => ({ ...before, [column]: field }))} />}
      <Checkbox mt="md" label={t("imports.partial")} checked={partial} onChange={(event) => setPartial(event.currentTarget.checked)} />
      {checked && !isUnfinished(checked) && (
        <Alert mt="md" color={failed > 0 || checked.status === "failed" ? "yellow" : "green"} role="status" data-testid="checked">
          {t("imports.checked", { created: number(created), updated: number(updated), unchanged: number(unchanged), failed: number(failed) })}
          <Faults one={checked} />
        </Alert>
      )}
      {start.error && <Failure error={start.error} />}
      <Group mt="md">
        <Button variant="default" loading={Boolean(isChecking)} onClick={() => start.mutate(true)}>
          {t("imports.check")}
        </Button>
        <Button loading={start.isPending && !start.variables} onClick={() => start.mutate(false)}>
          {t("imports.run")}
        </Button>
        <Button variant="subtle" onClick={close}>
          {t("app.cancel")}
        </Button>
      </Group>
    </section>
  );
}

/** A field for each column; no field twice. */
function guesses(columns: string[]): Record<string, string> {
  const taken = new Set<string>();
  return Object.fromEntries(
    columns.map((column) => {
      const field = guess(column);
      const free = taken.has(field) ? customOf(column) : field;
      taken.add(free);
      return [column, free];
    }),
  );
}

function Columns({ head, fields, change }: { head: Head; fields: Record<string, string>; change: (column: string, field: string) => void }) {
  const { t } = useText();
  const label = (field: string) => {
    const key = `field.${field}`;
    return key in en ? t(key as Key) : field;
  };
  return (
    <ScrollArea type="auto" viewportProps={{ tabIndex: 0 }}>
      <Table miw={520}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("imports.column")}</Table.Th>
            <Table.Th>{t("imports.sample")}</Table.Th>
            <Table.Th>{t("imports.becomes")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {head.columns.map((column, index) => (
            <Table.Tr key={`${index} ${column}`}>
              <Table.Td className="wrap">{column}</Table.Td>
              <Table.Td className="wrap quiet">{head.sample[index]}</Table.Td>
              <Table.Td>
                <Select
                  aria-label={`${t("imports.becomes")}: ${column}`}
                  data={[
                    ...FIELDS.map((field) => ({ value: field, label: label(field) })),
                    { value: customOf(column), label: t("imports.customAs", { name: column }) },
                    { value: "-", label: t("imports.leaveOut") },
                  ]}
                  value={fields[column] === "" ? "-" : fields[column]}
                  onChange={(field) => field && change(column, field === "-" ? "" : field)}
                  allowDeselect={false}
                />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollArea>
  );
}
