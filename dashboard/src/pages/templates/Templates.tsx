// The message templates of the project: seen, found, written and deleted.
import { Badge, Button, Group, Modal, Stack, Text, TextInput, Title } from "@mantine/core";
import { IconSearch, IconTemplate } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";

import { api } from "../../api/client";
import { useText } from "../../i18n";
import { Empty, Failure, Loading, useTell } from "../../shell/parts";
import { useMay, useProjectId } from "../../shell/project";
import { Attached } from "../ticket/Attached";
import { useTemplates, type Template } from "./query";
import { matching } from "./search";

const TemplateDialog = lazy(() => import("./TemplateDialog").then(({ TemplateDialog }) => ({ default: TemplateDialog })));

export function Templates() {
  const { t } = useText();
  const may = useMay("tickets:write");
  const templates = useTemplates();
  const [term, setTerm] = useState("");
  const [edited, edit] = useState<Template | "new">();
  const [ending, end] = useState<Template>();
  if (templates.error && !templates.data) return <Failure error={templates.error} retry={() => void templates.refetch()} />;
  if (!templates.data) return <Loading />;
  const found = matching(templates.data, term);
  return (
    <Stack>
      <Group justify="space-between">
        <Text size="sm" className="quiet" maw={560}>
          {t("templates.hint")}
        </Text>
        {may && (
          <Button size="xs" onClick={() => edit("new")}>
            {t("templates.new")}
          </Button>
        )}
      </Group>
      {templates.data.length > 0 && (
        <TextInput
          type="search"
          maw={340}
          aria-label={t("templates.search")}
          placeholder={t("templates.search")}
          leftSection={<IconSearch size={14} aria-hidden />}
          value={term}
          onChange={(event) => setTerm(event.currentTarget.value)}
        />
      )}
      {found.length === 0 && (
        <Empty icon={<IconTemplate aria-hidden />} title={t(templates.data.length === 0 ? "templates.none" : "templates.noMatch")}>
          {templates.data.length === 0 && t("templates.noneHint")}
        </Empty>
      )}
      {found.map((template) => (
        <Entry key={template.id} template={template} may={may} edit={() => edit(template)} end={() => end(template)} />
      ))}
      {edited && (
        <Suspense>
          <TemplateDialog template={edited === "new" ? undefined : edited} close={() => edit(undefined)} />
        </Suspense>
      )}
      {ending && <Ending template={ending} close={() => end(undefined)} />}
    </Stack>
  );
}

function Entry({ template, may, edit, end }: { template: Template; may: boolean; edit: () => void; end: () => void }) {
  const { t } = useText();
  return (
    <section className="panel" style={{ padding: 14 }} aria-label={template.title}>
      <Group gap="xs" align="center">
        <Title order={2} size="h5" className="wrap">
          {template.title}
        </Title>
        {!template.isPublic && (
          <Badge variant="default" tt="none">
            {t("templates.private")}
          </Badge>
        )}
      </Group>
      <Text size="sm" className="quiet wrap" lineClamp={3} style={{ whiteSpace: "pre-line" }}>
        {template.text}
      </Text>
      <Attached files={template.attachments} />
      {may && (
        <Group gap="xs" mt="sm">
          <Button size="xs" variant="default" onClick={edit}>
            {t("templates.edit")}
          </Button>
          <Button size="xs" variant="light" color="red" onClick={end}>
            {t("app.delete")}
          </Button>
        </Group>
      )}
    </section>
  );
}

function Ending({ template, close }: { template: Template; close: () => void }) {
  const { t } = useText();
  const project = useProjectId();
  const queries = useQueryClient();
  const tell = useTell();
  const erase = useMutation({
    mutationFn: () => api.DELETE("/v3/message-templates/{messageTemplateId}", { params: { path: { messageTemplateId: template.id }, header: { project } } }),
    onSuccess: () => tell.done(t("templates.deleted")),
    onError: tell.failed,
    onSettled: () => {
      void queries.invalidateQueries({ queryKey: ["templates", project] });
      close();
    },
  });
  return (
    <Modal opened onClose={close} title={t("templates.deleteTitle", { name: template.title })} closeButtonProps={{ "aria-label": t("app.close") }}>
      <Text mb="md">{t("templates.deleteHint")}</Text>
      <Group justify="flex-end">
        <Button variant="default" onClick={close}>
          {t("app.cancel")}
        </Button>
        <Button color="red" loading={erase.isPending} onClick={() => erase.mutate()}>
          {t("app.delete")}
        </Button>
      </Group>
    </Modal>
  );
}
