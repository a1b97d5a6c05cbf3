// A message of the viewer, being written anew. Loaded when one is edited.
import { Button, Group } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { EditorContent } from "@tiptap/react";

import { api, type Schemas } from "../../api/client";
import { useText } from "../../i18n";
import { useTell } from "../../shell/parts";
import { useProjectId } from "../../shell/project";
import { editable } from "./document";
import { Tools, useIsEmpty, useRichText } from "./editor";

export function MessageEditor({ message, close }: { message: Schemas["MessageBody"]; close: () => void }) {
  const { t } = useText();
  const project = useProjectId();
  const queries = useQueryClient();
  const tell = useTell();
  const save = useMutation({
    mutationFn: (comment: unknown) => api.PUT("/v3/messages/{messageId}", { params: { path: { messageId: message.id }, header: { project } }, body: { comment } as never }),
    onSuccess: () => {
      tell.done(t("session.saved"));
      close();
    },
    onError: tell.failed,
    onSettled: () => queries.invalidateQueries({ queryKey: ["messages", project] }),
  });
  const editor = useRichText(
    {
      label: t("message.editing"),
      content: editable(message.data.content),
      isFocused: true,
      submit: () => submit(),
      pressed: ({ key }) => {
        if (key === "Escape") close();
        return key === "Escape";
      },
    },
    [message.id],
  );
  const isReady = !useIsEmpty(editor) || message.attachments.length > 0;
  const submit = () => {
    if (editor && isReady && !save.isPending) save.mutate(editor.getJSON());
  };
  if (!editor) return null;
  return (
    <>
      <EditorContent editor={editor} />
      <Group justify="space-between" mt={6}>
        <Tools editor={editor} />
        <Group gap="xs">
          <Button size="xs" variant="default" onClick={close}>
            {t("app.cancel")}
          </Button>
          <Button size="xs" disabled={!isReady} loading={save.isPending} onClick={submit}>
            {t("app.save")}
          </Button>
        </Group>
      </Group>
    </>
  );
}
