// Where a ticket is answered, or noted upon for the team alone. Loaded when a conversation is shown.
import { Button, Group, SegmentedControl, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { EditorContent, type Editor } from "@tiptap/react";
import { useEffect, useRef, useState } from "react";

import { api } from "../../api/client";
import type { StoredFile } from "../../api/upload";
import { useText } from "../../i18n";
import { useTell } from "../../shell/parts";
import { useProjectId } from "../../shell/project";
import { useShortcuts } from "../../shell/shortcuts";
import { changesOf } from "../templates/actions";
import { Effects } from "../templates/Effects";
import type { Template } from "../templates/query";
import { AttachButton, AttachedList, DropZone } from "./AttachBar";
import { editable } from "./document";
import { draftOf, keepDraft } from "./drafts";
import { focused, Tools, useIsEmpty, useRichText } from "./editor";
import { ATTACHMENTS_MAX } from "./files";
import { TemplatePicker } from "./TemplatePicker";
import { useAttachments } from "./useAttachments";
import { useEffects } from "./useEffects";

type Kind = "reply" | "note";

interface Message {
  comment: unknown;
  files: { name: string; url: string }[];
}

/** The server forgets who writes after ten seconds. */
const TYPING_AGAIN_MS = 5_000;
/** Who pauses so long does not write any more. */
const TYPING_ENDS_MS = 8_000;
/** The server removes a file that no message named after a day: before that, a draft forgets it. */
const FILES_KEPT_MS = 20 * 3_600_000;

export function Composer({ ticketId }: { ticketId: string }) {
  const [kind, setKind] = useState<Kind>("reply");
  const [isAsked, ask] = useState(false);
  const choose = (kind: Kind) => {
    setKind(kind);
    ask(true);
  };
  useShortcuts({ r: () => choose("reply"), n: () => choose("note") });
  return <Writing key={kind} ticketId={ticketId} kind={kind} choose={choose} isAsked={isAsked} />;
}

interface WritingProps {
  ticketId: string;
  kind: Kind;
  choose: (kind: Kind) => void;
  /** Whether the viewer wants to write now. */
  isAsked: boolean;
}

function Writing({ ticketId, kind, choose, isAsked }: WritingProps) {
  const { t } = useText();
  const project = useProjectId();
  const queries = useQueryClient();
  const tell = useTell();
  const typing = useTyping(ticketId);
  const place = `${kind}-files`;
  const attachments = useAttachments(
    () => (draftOf(ticketId, place, FILES_KEPT_MS) ?? []) as StoredFile[],
    (stored) => keepDraft(ticketId, place, stored.length > 0 ? stored : undefined),
  );
  const attach = (files: File[]) => {
    if (attachments.add(files) > 0) tell.failed(new Error(t("files.tooMany", { count: ATTACHMENTS_MAX })));
  };
  const effects = useEffects(ticketId, kind);
  const mutationKey = ["send", project, ticketId, kind];
  const send = useMutation({
    mutationKey,
    mutationFn: ({ comment, files }: Message) => {
      const body = { ticket: ticketId, comment, isNote: kind === "note", ...(files.length > 0 && { attachments: files }) };
      return api.POST("/v3/messages", { params: { header: { project } }, body: body as never });
    },
    onSuccess: (_, { comment, files }) => {
      effects.happen();
      // What was written since is not sent, and stays.
      if (editor && JSON.stringify(editor.getJSON()) === JSON.stringify(comment)) {
        editor.commands.clearContent();
        keepDraft(ticketId, kind, undefined);
      }
      attachments.sent(files);
      void queries.invalidateQueries({ queryKey: ["messages", project, ticketId] });
      void queries.invalidateQueries({ queryKey: ["tickets", project] });
    },
    // What was written stays in the editor, and in the draft.
    onError: tell.failed,
    onSettled: () => typing(false),
  });
  const [picking, pick] = useState<"button" | "slash">();
  const editor = useRichText(
    {
      label: t(`message.${kind}`),
      content: draftOf(ticketId, kind),
      submit: (editor) => submit(editor),
      changed: (editor) => {
        keepDraft(ticketId, kind, editor.isEmpty ? undefined : editor.getJSON());
        typing(!editor.isEmpty && kind === "reply");
      },
      pressed: ({ key }, editor) => {
        const isSlash = key === "/" && isLineStart(editor);
        if (isSlash) pick("slash");
        return isSlash;
      },
    },
    [ticketId, kind],
  );
  const insert = (template?: Template) => {
    // Who pressed the key and wanted no template, wanted the sign.
    const content = template ? editable(template.content).content : picking === "slash" ? "/" : "";
    if (editor) focused(editor).commands.insertContent(content as never);
    if (template) {
      attachments.adopt(template.attachments);
      effects.add(changesOf(template.actions));
    }
    pick(undefined);
  };
  const sendable = (isEmpty: boolean) => {
    const files = attachments.ready();
    return files && (!isEmpty || files.length > 0) ? files : undefined;
  };
  const isReady = sendable(useIsEmpty(editor)) !== undefined;
  const submit = (editor: Editor) => {
    const files = sendable(editor.isEmpty);
    if (files && queries.isMutating({ mutationKey }) === 0) send.mutate({ comment: editor.getJSON(), files });
  };
  useEffect(() => {
    if (isAsked && editor && !editor.isDestroyed) focused(editor).commands.focus("end");
  }, [isAsked, editor]);
  return (
    <DropZone add={attach} data-kind={kind} aria-label={t(`message.${kind}`)}>
      <SegmentedControl
        size="xs"
        aria-label={t("message.kind")}
        data={(["reply", "note"] as const).map((kind) => ({ value: kind, label: t(`message.${kind}`) }))}
        value={kind}
        onChange={(chosen) => choose(chosen as Kind)}
      />
      {editor && (
        <>
          <EditorContent editor={editor} />
          <AttachedList attachments={attachments} />
          <Effects changes={effects.changes} remove={effects.remove} />
          <Group justify="space-between" mt={6}>
            <Tools editor={editor}>
              <AttachButton add={attach} />
              <TemplatePicker isOpen={picking !== undefined} open={() => pick("button")} close={() => insert()} choose={insert} />
            </Tools>
            <Group gap="sm">
              <Text size="xs" className="quiet" visibleFrom="sm">
                {t("message.keys")}
              </Text>
              <Button size="xs" disabled={!isReady} loading={send.isPending} onClick={() => submit(editor)}>
                {t(kind === "note" ? "message.addNote" : "message.send")}
              </Button>
            </Group>
          </Group>
        </>
      )}
    </DropZone>
  );
}

/** Whether the text cursor is where a line begins. */
const isLineStart = ({ state: { selection } }: Editor) => selection.empty && selection.$from.parentOffset === 0 && selection.$from.parent.type.name === "paragraph";

/** Tells the others that the viewer writes, and that it is over. */
function useTyping(ticketId: string): (isTyping: boolean) => void {
  const project = useProjectId();
  const told = useRef(0);
  const end = useRef<ReturnType<typeof setTimeout>>(undefined);
  const say = (typing: boolean) => {
    told.current = typing ? Date.now() : 0;
    // Said again soon; nobody waits for it.
    api.POST("/v3/tickets/{ticketId}/typing", { params: { path: { ticketId }, header: { project } }, body: { typing } }).catch(() => {});
  };
  const latest = useRef(say);
  latest.current = say;
  useEffect(
    () => () => {
      clearTimeout(end.current);
      if (told.current > 0) latest.current(false);
    },
    [],
  );
  return (isTyping) => {
    clearTimeout(end.current);
    if (!isTyping) {
      if (told.current > 0) say(false);
      return;
    }
    if (Date.now() - told.current > TYPING_AGAIN_MS) say(true);
    end.current = setTimeout(() => latest.current(false), TYPING_ENDS_MS);
  };
}
