// What is to be deleted, in this page: hidden at once, with a bar that takes it back.
import { Button, Group, Paper, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useSyncExternalStore } from "react";

import { api, ApiError, PROOF } from "../api/client";
import { useText } from "../i18n";
import { Deletions, LEFT_BEHIND_MS, WINDOW_MS, type Deletion } from "./deletions";
import { useExplain, useTell } from "./parts";
import { useMe } from "./project";
import { useShortcuts } from "./shortcuts";

const STORED = "hark-deleting";
const NOT_FOUND = 404;

const deletions = new Deletions({ send, keep, kept });

/** What the page before deleted while it was left, and may not have arrived yet. */
const leaving = kept();

async function send(project: string, session: string, isLeaving: boolean): Promise<void> {
  if (isLeaving) {
    await fetch(`/v3/sessions/${encodeURIComponent(session)}`, { method: "DELETE", headers: { ...PROOF, project }, credentials: "same-origin", keepalive: true });
    return;
  }
  try {
    await api.DELETE("/v3/sessions/{sessionId}", { params: { path: { sessionId: session }, header: { project } } });
  } catch (error) {
    // Gone is gone, whoever deleted it.
    if (!(error instanceof ApiError) || error.status !== NOT_FOUND) throw error;
  }
}

function keep(waiting: readonly Deletion[]): void {
  try {
    if (waiting.length > 0) localStorage.setItem(STORED, JSON.stringify(waiting));
    else localStorage.removeItem(STORED);
  } catch {
    // There is no room: it is sent when the time is over, or when the page is left.
  }
}

function kept(): readonly Deletion[] {
  try {
    const all: unknown = JSON.parse(localStorage.getItem(STORED) ?? "[]");
    return Array.isArray(all) ? (all as Deletion[]) : [];
  } catch {
    return [];
  }
}

const useDeletions = () => useSyncExternalStore(deletions.subscribe, deletions.snapshot);

/** The sessions of the project that are to be deleted: nothing shows them any more. */
export function useHidden(project: string): ReadonlySet<string> {
  const all = useDeletions();
  return useMemo(() => new Set([...leaving, ...all].filter((one) => one.project === project).flatMap(({ sessions }) => sessions)), [all, project]);
}

/** Deletes sessions once the time in which it can be taken back is over. */
export function useDelete(project: string): (sessions: string[]) => void {
  const { t, number } = useText();
  const tell = useTell();
  const explain = useExplain();
  const queries = useQueryClient();
  const me = useMe();
  return (sessions) =>
    deletions.begin(project, me.data?.id ?? "", sessions, ({ deleted, failed, error }) => {
      if (failed > 0) tell.failed(new Error(t("deleting.failed", { count: number(deleted), failed: number(failed), why: explain(error) })));
      for (const id of sessions) queries.removeQueries({ queryKey: ["session", project, id] });
      return queries.invalidateQueries({ queryKey: ["sessions", project] });
    });
}

/** Sends what waits: whoever signs out wanted it deleted. */
export const flushDeletions = () => deletions.flush();

export function DeletingBar() {
  const me = useMe();
  const all = useDeletions();
  const waiting = all.filter(({ isSent }) => !isSent);
  useEffect(() => {
    const leave = () => deletions.leave();
    addEventListener("pagehide", leave);
    return () => removeEventListener("pagehide", leave);
  }, []);
  useEffect(() => {
    if (!me.data) return;
    const { id } = me.data;
    deletions.resume(id);
    const later = setTimeout(() => deletions.resume(id), LEFT_BEHIND_MS + 1000);
    return () => clearTimeout(later);
  }, [me.data]);
  const last = waiting.at(-1);
  useShortcuts({ z: () => last && deletions.undo(last.id) });
  return (
    <div className="deleting" role="status">
      {waiting.map((one) => (
        <Waiting key={one.id} deletion={one} />
      ))}
    </div>
  );
}

function Waiting({ deletion }: { deletion: Deletion }) {
  const { t, number } = useText();
  const { id, sessions, isHeld } = deletion;
  const hold = (isHeld: boolean) => deletions.hold(id, isHeld);
  return (
    <Paper
      shadow="md"
      withBorder
      p="sm"
      onMouseEnter={() => hold(true)}
      onMouseLeave={() => hold(false)}
      onFocus={() => hold(true)}
      onBlur={() => hold(false)}
    >
      <Group gap="md" wrap="nowrap" justify="space-between">
        <Text size="sm">{sessions.length === 1 ? t("deleting.one") : t("deleting.many", { count: number(sessions.length) })}</Text>
        <Button size="xs" variant="default" onClick={() => deletions.undo(id)}>
          {t("deleting.undo")}
        </Button>
      </Group>
      <div className="deleting-left" style={{ animationDuration: `${WINDOW_MS}ms`, animationPlayState: isHeld ? "paused" : "running" }} />
    </Paper>
  );
}
