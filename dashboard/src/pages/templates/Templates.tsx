// The message templates of the project: seen, found, written and deleted.
import { Badge, Text, TextInput } from "@mantine/core";
import { IconSearch, IconTemplate } from "@tabler/icons-react";
import { lazy, useState } from "react";

import { api } from "../../api/client";
import { useText } from "../../i18n";
import { Entries } from "../../shell/Entries";
import { part } from "../../shell/part";
import { Empty, Failure, Loading } from "../../shell/parts";
import { useMay, useProjectId } from "../../shell/project";
import { Attached } from "../ticket/Attached";
import { changesOf } from "./actions";
import { Effects } from "./Effects";
import { useTemplates, type Template } from "./query";
import { matching } from "./search";

const TemplateDialog = lazy(() => part(() => import("./TemplateDialog")).then(({ TemplateDialog }) => ({ default: TemplateDialog })));

export function Templates() {
  const { t } = useText();
  const project = useProjectId();
  const may = useMay("tickets:write");
  const templates = useTemplates();
  const [term, setTerm] = useState("");
  if (templates.error && !templates.data) return <Failure error={templates.error} retry={() => void templates.refetch()} />;
  if (!templates.data) return <Loading />;
  const isEmpty = templates.data.length === 0;
  return (
    <Entries
      hint={t("templates.hint")}
      add={t("templates.new")}
      may={may}
      entries={matching(templates.data, term)}
      none={
        <Empty icon={<IconTemplate aria-hidden />} title={t(isEmpty ? "templates.none" : "templates.noMatch")}>
          {isEmpty && t("templates.noneHint")}
        </Empty>
      }
      nameOf={({ title }) => title}
      Beside={Beside}
      Content={Content}
      Dialog={TemplateDialog}
      ending={{
        title: ({ title }) => t("templates.deleteTitle", { name: title }),
        hint: t("templates.deleteHint"),
        done: t("templates.deleted"),
        erase: ({ id }) => api.DELETE("/v3/message-templates/{messageTemplateId}", { params: { path: { messageTemplateId: id }, header: { project } } }),
      }}
      kinds={["templates"]}
    >
      {!isEmpty && (
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
    </Entries>
  );
}

function Beside({ entry: { isPublic } }: { entry: Template }) {
  const { t } = useText();
  if (isPublic) return null;
  return (
    <Badge variant="default" tt="none">
      {t("templates.private")}
    </Badge>
  );
}

function Content({ entry: { text, attachments, actions } }: { entry: Template }) {
  return (
    <>
      <Text size="sm" className="quiet wrap" lineClamp={3} style={{ whiteSpace: "pre-line" }}>
        {text}
      </Text>
      <Attached files={attachments} />
      <Effects changes={changesOf(actions)} />
    </>
  );
}
