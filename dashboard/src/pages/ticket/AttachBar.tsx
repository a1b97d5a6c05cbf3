// The files that are to go with a message, as they are sent.
import { ActionIcon, FileButton, Group, Progress, Text, Tooltip } from "@mantine/core";
import { IconPaperclip, IconRefresh, IconX } from "@tabler/icons-react";
import { useRef, useState, type CSSProperties, type ReactNode } from "react";

import { ApiError } from "../../api/client";
import { useText } from "../../i18n";
import { useExplain } from "../../shell/parts";
import { filesOf } from "./files";
import type { Chosen, useAttachments } from "./useAttachments";

const TOO_LARGE = 413;

export function AttachButton({ add }: { add: (files: File[]) => void }) {
  const { t } = useText();
  const reset = useRef<() => void>(null);
  const take = (files: File[]) => {
    add(files);
    // The same file may be chosen again.
    reset.current?.();
  };
  return (
    <FileButton multiple onChange={take} resetRef={reset} inputProps={{ "aria-label": t("files.attach") }}>
      {(props) => (
        <Tooltip label={t("files.attach")}>
          <ActionIcon variant="subtle" aria-label={t("files.attach")} {...props}>
            <IconPaperclip size={16} />
          </ActionIcon>
        </Tooltip>
      )}
    </FileButton>
  );
}

export function AttachedList({ attachments }: { attachments: ReturnType<typeof useAttachments> }) {
  const { t } = useText();
  if (attachments.chosen.length === 0) return null;
  return (
    <ul className="attached" aria-label={t("files.attached")}>
      {attachments.chosen.map((one) => (
        <Row key={one.key} one={one} again={() => attachments.again(one)} remove={() => attachments.remove(one.key)} />
      ))}
    </ul>
  );
}

function Row({ one, again, remove }: { one: Chosen; again: () => void; remove: () => void }) {
  const { t, bytes } = useText();
  const explain = useExplain();
  const { name, error } = one;
  return (
    <li>
      <Group gap="xs" wrap="nowrap">
        <IconPaperclip size={14} aria-hidden style={{ flex: "none" }} />
        <Text size="sm" truncate style={{ flex: 1 }}>
          {name}
        </Text>
        <Text size="xs" className="quiet number" flex="none">
          {one.size > 0 && bytes(one.size)}
        </Text>
        {error !== undefined && one.file && (
          <ActionIcon size="sm" variant="subtle" aria-label={t("files.retry", { name })} onClick={again}>
            <IconRefresh size={14} />
          </ActionIcon>
        )}
        <ActionIcon size="sm" variant="subtle" aria-label={t("files.remove", { name })} onClick={remove}>
          <IconX size={14} />
        </ActionIcon>
      </Group>
      {error !== undefined ? (
        <Text size="xs" role="alert" className="fault wrap">
          {t(error instanceof ApiError && error.status === TOO_LARGE ? "files.tooLarge" : "files.failed", { name })} {explain(error)}
        </Text>
      ) : (
        !one.stored && (
          <Progress.Root size="xs" mt={2}>
            <Progress.Section value={one.part * 100} aria-label={t("files.progress", { name })} />
          </Progress.Root>
        )
      )}
    </li>
  );
}

/** A part of the page on which files are dropped, and in which they are pasted. */
export function DropZone({ add, children, ...rest }: { add: (files: File[]) => void; children: ReactNode; "data-kind": string; "aria-label": string; style?: CSSProperties }) {
  const { t } = useText();
  const [isOver, setOver] = useState(false);
  const carries = (event: React.DragEvent) => event.dataTransfer.types.includes("Files");
  return (
    <section
      className="composer"
      {...rest}
      data-over={isOver}
      onDragOver={(event) => {
        if (!carries(event)) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false);
      }}
      onDrop={(event) => {
        setOver(false);
        if (!carries(event)) return;
        event.preventDefault();
        add([...event.dataTransfer.files]);
      }}
      onPaste={(event) => {
        const files = filesOf(event.clipboardData);
        if (files.length > 0) add(files);
      }}
    >
      {children}
      {isOver && <div className="drop-hint">{t("files.drop")}</div>}
    </section>
  );
}
