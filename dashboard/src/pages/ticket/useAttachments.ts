// The files that are to go with a message: each is sent to the server as soon as it is chosen, and waits there for the message.
import { useEffect, useRef, useState } from "react";

import { upload, type StoredFile } from "../../api/upload";
import { useProjectId } from "../../shell/project";
import { draftOf, keepDraft } from "./drafts";
import { fitting } from "./files";

/** The server removes a file that no message named after a day: before that, a draft forgets it. */
const KEPT_MS = 20 * 3_600_000;

/** A file that was chosen. */
export interface Chosen {
  key: number;
  name: string;
  size: number;
  /** How much of it is sent, from 0 to 1. */
  part: number;
  /** What the server has of it. */
  stored?: StoredFile;
  error?: unknown;
  file?: File;
}

/** `ticketId` and `kind` say whose they are: those that are stored come back after a reload. */
export function useAttachments(ticketId: string, kind: string) {
  const project = useProjectId();
  const place = `${kind}-files`;
  const [chosen, setChosen] = useState<Chosen[]>(() => ((draftOf(ticketId, place, KEPT_MS) ?? []) as StoredFile[]).map((stored, key) => ({ key, name: stored.name, size: stored.size, part: 1, stored })));
  const next = useRef(chosen.length);
  const running = useRef(new Map<number, AbortController>());
  const stored = chosen.flatMap((one) => one.stored ?? []);
  const storedText = JSON.stringify(stored);
  const wasKept = useRef(storedText);
  useEffect(() => {
    if (wasKept.current === storedText) return;
    wasKept.current = storedText;
    keepDraft(ticketId, place, storedText === "[]" ? undefined : JSON.parse(storedText));
  }, [ticketId, place, storedText]);
  useEffect(() => {
    const all = running.current;
    return () => all.forEach((stop) => stop.abort());
  }, []);
  const change = (key: number, to: Partial<Chosen>) => setChosen((all) => all.map((one) => (one.key === key ? { ...one, ...to } : one)));
  const start = (key: number, file: File) => {
    const stop = new AbortController();
    running.current.set(key, stop);
    change(key, { part: 0, error: undefined });
    upload(file, project, (part) => change(key, { part }), stop.signal)
      .then(
        (stored) => change(key, { part: 1, stored, name: stored.name }),
        (error: unknown) => change(key, { error }),
      )
      .finally(() => running.current.delete(key));
  };
  return {
    chosen,
    stored,
    isBusy: chosen.some((one) => !one.stored),
    add: (files: File[]) => {
      const { taken, left } = fitting(chosen.length, files);
      const added = taken.map((file) => ({ key: next.current++, name: file.name, size: file.size, part: 0, file }));
      setChosen((all) => [...all, ...added]);
      for (const { key, file } of added) start(key, file);
      return left;
    },
    /** Files that are stored already, such as those of a template. */
    adopt: (files: { name: string; url: string; type?: string }[]) => {
      const { taken } = fitting(chosen.length, files);
      const added = taken.map(({ name, url, type = "" }) => ({ key: next.current++, name, size: 0, part: 1, stored: { name, url, type, size: 0 } }));
      setChosen((all) => [...all, ...added]);
    },
    again: ({ key, file }: Chosen) => file && start(key, file),
    remove: (key: number) => {
      running.current.get(key)?.abort();
      setChosen((all) => all.filter((one) => one.key !== key));
    },
    clear: () => setChosen([]),
  };
}
