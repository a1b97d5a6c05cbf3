// Where a ticket is answered, or noted upon for the team alone. Loaded when a conversation is shown.
import { ActionIcon, Button, Group, SegmentedControl, Text, Tooltip } from "@mantine/core";
import { IconBold, IconCode, IconItalic, IconList, IconListNumbers, IconQuote } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { EditorContent, useEditor, useEditorState, type Editor } from "@tiptap/react";
import { StarterKit } from "@tiptap/starter-kit";
import { useEffect, useRef, useState } from "react";

import { api } from "../../api/client";
import { useText, type Key } from "../../i18n";
import { useTell } from "../../shell/parts";
import { useProjectId } from "../../shell/project";
import { useShortcuts } from "../../shell/shortcuts";
import { draftOf, keepDraft } from "./drafts";

type Kind = "reply" | "note";

/** The server forgets who writes after ten seconds. */
const TYPING_AGAIN_MS = 5_000;
/** Who pauses so long does not write any more. */
const TYPING_ENDS_MS = 8_000;

export function Composer({ ticketId }: { ticketId: string }) {
  const { t } = useText();
  const [kind, setKind] = useState<Kind>("reply");
  const [isAsked, ask] = useState(false);
  const choose = (kind: Kind) => {
    setKind(kind);
    ask(true);
  };
  useShortcuts({ r: () => choose("reply"), n: () => choose("note") });
  return (
    <section className="composer" data-kind={kind} aria-label={t(`message.${kind}`)}>
      <SegmentedControl
        size="xs"
        aria-label={t("message.kind")}
        data={(["reply", "note"] as const).map((kind) => ({ value: kind, label: t(`message.${kind}`) }))}
        value={kind}
        onChange={(chosen) => choose(chosen as Kind)}
      />
      <Writing key={kind} ticketId={ticketId} kind={kind} isAsked={isAsked} />
    </section>
  );
}

function Writing({ ticketId, kind, isAsked }: { ticketId: string; kind: Kind; isAsked: boolean }) {
  const { t } = useText();
  const project = useProjectId();
  const queries = useQueryClient();
  const tell = useTell();
  const typing = useTyping(ticketId);
  const send = useMutation({
    mutationFn: (comment: unknown) =>
      api.POST("/v3/messages", { params: { header: { project } }, body: { ticket: ticketId, comment, isNote: kind === "note" } as never }),
    onSuccess: () => {
      editor?.commands.clearContent();
      keepDraft(ticketId, kind, undefined);
      void queries.invalidateQueries({ queryKey: ["messages", project, ticketId] });
      void queries.invalidateQueries({ queryKey: ["tickets", project] });
    },
    // What was written stays in the editor, and in the draft.
    onError: tell.failed,
    onSettled: () => typing(false),
  });
  const submit = useRef(() => {});
  const name = t(`message.${kind}`);
  const editor = useEditor(
    {
      extensions: [StarterKit.configure({ link: { openOnClick: false, protocols: ["mailto"] }, heading: false })],
      content: (draftOf(ticketId, kind) ?? "") as never,
      editorProps: {
        attributes: { role: "textbox", "aria-multiline": "true", "aria-label": name, class: "editor rich" },
        handleKeyDown: (view, event) => {
          if (event.key === "Escape") view.dom.blur();
          const isSend = event.key === "Enter" && (event.ctrlKey || event.metaKey);
          if (isSend) submit.current();
          return isSend;
        },
      },
      onUpdate: ({ editor }) => {
        keepDraft(ticketId, kind, editor.isEmpty ? undefined : editor.getJSON());
        typing(!editor.isEmpty && kind === "reply");
      },
    },
    [ticketId, kind, name],
  );
  const isEmpty = useEditorState({ editor, selector: ({ editor }) => editor?.isEmpty ?? true });
  submit.current = () => {
    if (editor && !editor.isEmpty && !send.isPending) send.mutate(editor.getJSON());
  };
  useEffect(() => {
    if (isAsked) editor?.commands.focus("end");
  }, [isAsked, editor]);
  if (!editor) return null;
  return (
    <>
      <EditorContent editor={editor} />
      <Group justify="space-between" mt={6}>
        <Tools editor={editor} />
        <Group gap="sm">
          <Text size="xs" className="quiet" visibleFrom="sm">
            {t("message.keys")}
          </Text>
          <Button size="xs" disabled={isEmpty} loading={send.isPending} onClick={() => submit.current()}>
            {t(kind === "note" ? "message.addNote" : "message.send")}
          </Button>
        </Group>
      </Group>
    </>
  );
}

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

const TOOLS: [Key, string, typeof IconBold, (editor: Editor) => void][] = [
  ["editor.bold", "bold", IconBold, (editor) => editor.chain().focus().toggleBold().run()],
  ["editor.italic", "italic", IconItalic, (editor) => editor.chain().focus().toggleItalic().run()],
  ["editor.list", "bulletList", IconList, (editor) => editor.chain().focus().toggleBulletList().run()],
  ["editor.numbers", "orderedList", IconListNumbers, (editor) => editor.chain().focus().toggleOrderedList().run()],
  ["editor.quote", "blockquote", IconQuote, (editor) => editor.chain().focus().toggleBlockquote().run()],
  ["editor.code", "codeBlock", IconCode, (editor) => editor.chain().focus().toggleCodeBlock().run()],
];

function Tools({ editor }: { editor: Editor }) {
  const { t } = useText();
  const active = useEditorState({ editor, selector: ({ editor }) => TOOLS.map(([, name]) => editor.isActive(name)) });
  return (
    <Group gap={2} role="toolbar" aria-label={t("editor.tools")}>
      {TOOLS.map(([text, name, Icon, use], index) => (
        <Tooltip key={name} label={t(text)}>
          <ActionIcon variant={active[index] ? "light" : "subtle"} aria-label={t(text)} aria-pressed={active[index] ?? false} onClick={() => use(editor)}>
            <Icon size={16} />
          </ActionIcon>
        </Tooltip>
      ))}
    </Group>
  );
}
