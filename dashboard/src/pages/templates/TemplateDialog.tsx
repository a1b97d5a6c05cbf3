// A template, new or written anew. Loaded when one is written.
import { Input, Switch, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { EditorContent, type Editor } from "@tiptap/react";
import { useState } from "react";

import { api } from "../../api/client";
import { useText } from "../../i18n";
import { FormDialog } from "../../shell/FormDialog";
import { useTell } from "../../shell/parts";
import { useProjectId } from "../../shell/project";
import { AttachButton, AttachedList, DropZone } from "../ticket/AttachBar";
import { editable } from "../ticket/document";
import { Tools, useIsEmpty, useRichText } from "../ticket/editor";
import { ATTACHMENTS_MAX } from "../ticket/files";
import { useAttachments } from "../ticket/useAttachments";
import { actionsWith, changesOf } from "./actions";
import { EffectFields } from "./Effects";
import type { Template } from "./query";
import { lastRank } from "./search";

const TITLE_CHARS_MAX = 200;

export function TemplateDialog({ entry: template, close }: { entry: Template | undefined; close: () => void }) {
  const { t } = useText();
  const project = useProjectId();
  const queries = useQueryClient();
  const tell = useTell();
  const [title, setTitle] = useState(template?.title ?? "");
  const [isPublic, setPublic] = useState(template?.isPublic ?? true);
  const [changes, setChanges] = useState(() => changesOf(template?.actions ?? []));
  const attachments = useAttachments(() => template?.attachments ?? []);
  const attach = (files: File[]) => {
    if (attachments.add(files) > 0) tell.failed(new Error(t("files.tooMany", { count: ATTACHMENTS_MAX })));
  };
  const header = { project };
  const mutationKey = ["template", project];
  const save = useMutation({
    mutationKey,
    mutationFn: async ({ content, files }: { content: unknown; files: unknown[] }): Promise<unknown> => {
      const body = { title: title.trim(), content, isPublic, attachments: files, actions: actionsWith(template?.actions ?? [], changes) };
      if (template) return api.PUT("/v3/message-templates/{messageTemplateId}", { params: { path: { messageTemplateId: template.id }, header }, body: body as never });
      return api.POST("/v3/message-templates", { params: { header }, body: { ...body, lexorank: lastRank(Date.now()) } as never });
    },
    onSuccess: () => {
      tell.done(t("session.saved"));
      close();
    },
    // What was written stays.
    onError: tell.failed,
    // Not waited for: the next one may be saved meanwhile.
    onSettled: () => void queries.invalidateQueries({ queryKey: ["templates", project] }),
  });
  const editor = useRichText({ label: t("templates.text"), content: template ? editable(template.content) : "", submit: (editor) => submit(editor) }, []);
  const savable = (isEmpty: boolean) => (isEmpty || title.trim() === "" ? undefined : attachments.ready());
  const isReady = savable(useIsEmpty(editor)) !== undefined;
  const submit = (editor: Editor) => {
    const files = savable(editor.isEmpty);
    if (files && queries.isMutating({ mutationKey }) === 0) save.mutate({ content: editor.getJSON(), files });
  };
  return (
    <FormDialog title={t(template ? "app.edit" : "templates.new")} isReady={isReady} isSaving={save.isPending} save={() => editor && submit(editor)} close={close}>
      <TextInput data-autofocus required label={t("templates.title")} maxLength={TITLE_CHARS_MAX} value={title} onChange={(event) => setTitle(event.currentTarget.value)} />
      <Input.Wrapper label={t("templates.text")} labelElement="div" required>
        <DropZone add={attach} data-kind="template" aria-label={t("templates.text")} style={{ marginTop: 0 }}>
          {editor && (
            <>
              <EditorContent editor={editor} />
              <AttachedList attachments={attachments} />
              <Tools editor={editor}>
                <AttachButton add={attach} />
              </Tools>
            </>
          )}
        </DropZone>
      </Input.Wrapper>
      <EffectFields changes={changes} change={setChanges} />
      <Switch label={t("templates.public")} description={t("templates.publicHint")} checked={isPublic} onChange={(event) => setPublic(event.currentTarget.checked)} />
    </FormDialog>
  );
}
