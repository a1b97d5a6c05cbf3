// Where rich text is written.
import { ActionIcon, Group, Tooltip } from "@mantine/core";
import { IconBold, IconCode, IconItalic, IconList, IconListNumbers, IconQuote } from "@tabler/icons-react";
import { useEditor, useEditorState, type Editor } from "@tiptap/react";
import { StarterKit } from "@tiptap/starter-kit";
import { useRef, type ReactNode } from "react";

import { useText, type Key } from "../../i18n";
import { filesOf } from "./files";

interface Writing {
  /** What it is called by those who do not see it. */
  label: string;
  /** What it begins with. */
  content: unknown;
  /** Whether it has the focus from the beginning. */
  isFocused?: boolean;
  /** The key that sends was pressed. It may come before what was typed is drawn: what holds is what the editor has. */
  submit: (editor: Editor) => void;
  /** Something was typed. */
  changed?: (editor: Editor) => void;
  /** A key that was pressed; whether it is for somebody else than the text. */
  pressed?: (event: KeyboardEvent, editor: Editor) => boolean;
}

/** An editor, made anew when `deps` change. */
export function useRichText(writing: Writing, deps: unknown[]): Editor | null {
  const latest = useRef(writing);
  latest.current = writing;
  const made = useRef<Editor>(null);
  const editor = useEditor(
    {
      extensions: [StarterKit.configure({ link: { openOnClick: false }, heading: false })],
      content: (writing.content ?? "") as never,
      autofocus: writing.isFocused ? "end" : false,
      editorProps: {
        attributes: { role: "textbox", "aria-multiline": "true", "aria-label": writing.label, class: "editor rich" },
        handleKeyDown: (view, event) => {
          if (made.current && latest.current.pressed?.(event, made.current)) return true;
          if (event.key === "Escape") view.dom.blur();
          const isSend = event.key === "Enter" && (event.ctrlKey || event.metaKey);
          if (isSend && made.current) latest.current.submit(made.current);
          return isSend;
        },
        // Files are for what is around the editor.
        handlePaste: (_, event) => filesOf(event.clipboardData).length > 0,
        handleDrop: (_, event) => (event.dataTransfer?.types.includes("Files") ?? false),
      },
      onUpdate: ({ editor }) => latest.current.changed?.(editor),
    },
    [writing.label, ...deps],
  );
  made.current = editor;
  return editor;
}

/** The editor, which has the focus from now on. Its own command waits for the next frame, and what is typed until then would go elsewhere. */
export function focused(editor: Editor): Editor {
  editor.view.focus();
  return editor;
}

/** Whether nothing is written, as it is drawn. */
export const useIsEmpty = (editor: Editor | null) => useEditorState({ editor, selector: ({ editor }) => editor?.isEmpty }) ?? true;

const TOOLS: [Key, string, typeof IconBold, (editor: Editor) => void][] = [
  ["editor.bold", "bold", IconBold, (editor) => editor.commands.toggleBold()],
  ["editor.italic", "italic", IconItalic, (editor) => editor.commands.toggleItalic()],
  ["editor.list", "bulletList", IconList, (editor) => editor.commands.toggleBulletList()],
  ["editor.numbers", "orderedList", IconListNumbers, (editor) => editor.commands.toggleOrderedList()],
  ["editor.quote", "blockquote", IconQuote, (editor) => editor.commands.toggleBlockquote()],
  ["editor.code", "codeBlock", IconCode, (editor) => editor.commands.toggleCodeBlock()],
];

export function Tools({ editor, children }: { editor: Editor; children?: ReactNode }) {
  const { t } = useText();
  const active = useEditorState({ editor, selector: ({ editor }) => TOOLS.map(([, name]) => editor.isActive(name)) });
  return (
    <Group gap={2} role="toolbar" aria-label={t("editor.tools")}>
      {TOOLS.map(([text, name, Icon, use], index) => (
        <Tooltip key={name} label={t(text)}>
          <ActionIcon variant={active[index] ? "light" : "subtle"} aria-label={t(text)} aria-pressed={active[index] ?? false} onClick={() => use(focused(editor))}>
            <Icon size={16} />
          </ActionIcon>
        </Tooltip>
      ))}
      {children}
    </Group>
  );
}
