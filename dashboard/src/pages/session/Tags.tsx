import { Group, Pill, TextInput } from "@mantine/core";
import { useState } from "react";

import type { Session } from "../../api/client";
import { useText } from "../../i18n";
import { useTell } from "../../shell/parts";
import { useMay, useProjectId } from "../../shell/project";
import { readSession, updateSession, useRefresh } from "./query";

/** Times that a change is made again after somebody else was quicker. */
const ATTEMPTS_MAX = 3;

export function Tags({ session }: { session: Session }) {
  const { t } = useText();
  const projectId = useProjectId();
  const refresh = useRefresh(projectId, session.id);
  const tell = useTell();
  const may = useMay("sessions:write");
  const [tag, setTag] = useState("");
  // The list is read afresh and held to its version: tags of somebody else are not lost.
  const change = async (next: (tags: string[]) => string[]) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const fresh = await readSession(projectId, session.id);
        await updateSession(projectId, session.id, { tags: next(fresh.session.tags) }, fresh.etag);
        return refresh();
      } catch (error) {
        if (attempt === ATTEMPTS_MAX || (error as { status?: number }).status !== 412) return tell.failed(error);
      }
    }
  };
  return (
    <>
      <Group gap={6}>
        {session.tags.map((tag) => (
          <Pill
            key={tag}
            withRemoveButton={may}
            onRemove={() => void change((tags) => tags.filter((known) => known !== tag))}
            removeButtonProps={{ "aria-label": t("session.removeTag", { tag }), "aria-hidden": false, tabIndex: 0 }}
          >
            {tag}
          </Pill>
        ))}
      </Group>
      {may && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            const added = tag.trim();
            if (added) void change((tags) => [...new Set([...tags, added])]);
            setTag("");
          }}
        >
          <TextInput size="xs" aria-label={t("session.addTag")} placeholder={t("session.addTag")} value={tag} onChange={(event) => setTag(event.currentTarget.value)} />
        </form>
      )}
    </>
  );
}
