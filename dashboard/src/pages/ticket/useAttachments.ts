// The files that are to go with a message or a template: each is sent to the server as soon as it is chosen, and waits there for what names it.
import { useEffect, useRef, useState } from "react";

import { upload, type StoredFile } from "../../api/upload";
import { useProjectId } from "../../shell/project";
import { fitting } from "./files";

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

/** A file that is stored already. */
interface Named {
  name: string;
  url: string;
  type?: string;
  size?: number;
}

const namedAs = ({ name, url, type }: StoredFile) => ({ name, url, ...(type && { type }) });

const asChosen = ({ name, url, type = "", size = 0 }: Named, key: number): Chosen => ({ key, name, size, part: 1, stored: { name, url, type, size } });

/** `begun` are those that there are in the beginning; `changed` hears what is stored when that is something else. */
export function useAttachments(begun: () => Named[], changed?: (stored: StoredFile[]) => void) {
  const project = useProjectId();
  const [chosen, draw] = useState<Chosen[]>(() => begun().map(asChosen));
  // As they are, whether that is drawn yet or not: keys are pressed in between.
  const now = useRef(chosen);
  const set = (all: Chosen[]) => {
    now.current = all;
    draw(all);
  };
  const next = useRef(chosen.length);
  const running = useRef(new Map<number, AbortController>());
  const stored = chosen.flatMap((one) => one.stored ?? []);
  const storedText = JSON.stringify(stored);
  const wasTold = useRef(storedText);
  useEffect(() => {
    if (wasTold.current === storedText) return;
    wasTold.current = storedText;
    changed?.(stored);
  });
  useEffect(() => {
    const all = running.current;
    return () => all.forEach((stop) => stop.abort());
  }, []);
  const change = (key: number, to: Partial<Chosen>) => set(now.current.map((one) => (one.key === key ? { ...one, ...to } : one)));
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
    /** As messages and templates name them; nothing while one is not stored. */
    ready: () => (now.current.every((one) => one.stored) ? now.current.flatMap(({ stored }) => (stored ? [namedAs(stored)] : [])) : undefined),
    add: (files: File[]) => {
      const { taken, left } = fitting(now.current.length, files);
      const added = taken.map((file) => ({ key: next.current++, name: file.name, size: file.size, part: 0, file }));
      set([...now.current, ...added]);
      for (const { key, file } of added) start(key, file);
      return left;
    },
    /** Files that are stored already, such as those of a template. */
    adopt: (files: Named[]) => {
      const added = fitting(now.current.length, files).taken.map((file) => asChosen(file, next.current++));
      set([...now.current, ...added]);
    },
    again: ({ key, file }: Chosen) => file && start(key, file),
    remove: (key: number) => {
      running.current.get(key)?.abort();
      set(now.current.filter((one) => one.key !== key));
    },
    /** Those that were sent go; what was added since stays. */
    sent: (files: { url: string }[]) => set(now.current.filter(({ stored }) => !files.some(({ url }) => url === stored?.url))),
  };
}
