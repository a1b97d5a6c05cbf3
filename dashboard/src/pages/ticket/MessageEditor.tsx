// A message of the viewer, being written anew. Loaded when one is edited.
import { Alert, Button, Group, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { EditorContent, type Editor } from "@tiptap/react";
import { useState } from "react";

import { api, ApiError, type Schemas } from "../../api/client";
import { useText } from "../../i18n";
import { useTell } from "../../shell/parts";
import { useProjectId } from "../../shell/project";
import { editable } from "./document";
import { Tools, useIsEmpty, useRichText } from "./editor";
import { RichText, type Part } from "./RichText";

type Message = Schemas["MessageBody"];

/** How often a change is made anew after the session has seen the message, or its mail went out, in the same moment. */
const ATTEMPTS_MAX = 5;

/** The message says something else than its writer saw. */
class Overtaken extends Error {
  constructor(readonly now: Message) {
    super("overtaken");
  }
}

const told = ({ data }: Message) => JSON.stringify(data.content);

/** Has a message say something else, unless it does already: `base` is what its writer saw. */
async function write(project: string, base: Message, comment: unknown) {
  const params = { path: { messageId: base.id }, header: { project } };
  for (let attempt = 1; ; attempt++) {
    const { data, response } = await api.GET("/v3/messages/{messageId}", { params, cache: "no-store" });
    const now = data as Message;
    if (told(now) !== told(base)) throw new Overtaken(now);
    const headers = { "If-Match": response.headers.get("etag") ?? "" };
    try {
      return await api.PUT("/v3/messages/{messageId}", { params, headers, body: { comment } as never });
    } catch (error) {
      if (attempt === ATTEMPTS_MAX || !(error instanceof ApiError) || error.status !== 412) throw error;
    }
  }
}

export function MessageEditor({ message, close }: { message: Message; close: () => void }) {
  const { t } = useText();
  const project = useProjectId();
  const queries = useQueryClient();
  const tell = useTell();
  // What was shown when the edit began, whatever arrives meanwhile; and what was found instead when it was to be saved.
  const [first] = useState(message);
  const [theirs, setTheirs] = useState<Message>();
  const refresh = () => void queries.invalidateQueries({ queryKey: ["messages", project] });
  const mutationKey = ["message", project, first.id];
  const save = useMutation({
    mutationKey,
    mutationFn: (comment: unknown) => write(project, theirs ?? first, comment),
    onSuccess: () => {
      tell.done(t("session.saved"));
      refresh();
      close();
    },
    onError: (error) => {
      if (!(error instanceof Overtaken)) return tell.failed(error);
      setTheirs(error.now);
      refresh();
    },
  });
  const editor = useRichText(
    {
      label: t("message.editing"),
      content: editable(first.data.content),
      isFocused: true,
      submit: (editor) => submit(editor),
      pressed: ({ key }) => {
        if (key === "Escape") close();
        return key === "Escape";
      },
    },
    [first.id],
  );
  const maySave = (isEmpty: boolean) => !isEmpty || message.attachments.length > 0;
  const isReady = maySave(useIsEmpty(editor));
  const submit = (editor: Editor) => {
    if (maySave(editor.isEmpty) && queries.isMutating({ mutationKey }) === 0) save.mutate(editor.getJSON());
  };
  if (!editor) return null;
  return (
    <>
      {theirs && (
        <Alert color="yellow" mb="xs" role="alert" title={t("message.conflict")}>
          <Text size="sm">{t("message.conflictHint")}</Text>
          <RichText document={theirs.data.content as Part} />
        </Alert>
      )}
      <EditorContent editor={editor} />
      <Group justify="space-between" mt={6}>
        <Tools editor={editor} />
        <Group gap="xs">
          <Button size="xs" variant="default" onClick={close}>
            {t(theirs ? "session.conflictTheirs" : "app.cancel")}
          </Button>
          <Button size="xs" disabled={!isReady} loading={save.isPending} onClick={() => submit(editor)}>
            {t(theirs ? "session.conflictOverwrite" : "app.save")}
          </Button>
        </Group>
      </Group>
    </>
  );
}
