// What others do, as they do it: what they change is read again, and who is with which ticket is known to all pages.
import { useQueryClient, type QueryKey } from "@tanstack/react-query";
import { createContext, use, useCallback, useEffect, useRef, useState, type ReactNode } from "react";

import { useEvents } from "../api/live";
import { noted, type Present } from "./presence";

interface Company {
  present: Present[];
  /** What the server said of everybody who is with one ticket. */
  renew: (ticket: string, present: Present[]) => void;
}

/** Changes that come closer together than this are read once. */
const GATHER_MS = 300;
/** Numbers of everything cost more, and are read less often. */
const COUNT_MS = 2000;

const Context = createContext<Company>({ present: [], renew: () => {} });

export function Live({ projectId, children }: { projectId: string; children: ReactNode }) {
  const readAgain = useGathered();
  const [present, setPresent] = useState<Present[]>([]);
  const renew = useCallback((ticket: string, now: Present[]) => setPresent((all) => [...all.filter((one) => one.ticket !== ticket), ...now]), []);
  const everything = () => {
    for (const kind of ["tickets", "ticket", "messages", "session"]) readAgain([kind, projectId], GATHER_MS);
    readAgain(["counts", projectId], COUNT_MS);
  };
  useEvents("/v3/live", projectId, (name, data) => {
    const { id, present: all, ...one } = (data ?? {}) as { id?: string; present?: Present[] } & Partial<Present>;
    const [kind] = name.split(".");
    if (name === "hello") {
      // Also after a pause, in which anything may have happened.
      setPresent(all ?? []);
      everything();
    } else if (name === "reset") everything();
    else if (name === "viewing" || name === "typing") setPresent((known) => noted(known, one as Present));
    else if (kind === "ticket" || kind === "message") {
      if (kind === "ticket") readAgain(["ticket", projectId, id], GATHER_MS);
      else readAgain(["messages", projectId], GATHER_MS);
      readAgain(["tickets", projectId], GATHER_MS);
      readAgain(["counts", projectId], COUNT_MS);
    } else if (name === "session.changed") readAgain(["session", projectId, id], GATHER_MS);
  });
  return <Context value={{ present, renew }}>{children}</Context>;
}

/** Who is with which ticket. */
export const usePresent = () => use(Context);

/** Has what is shown under a key read again, a while later and once for all that is said meanwhile. */
function useGathered(): (key: QueryKey, after: number) => void {
  const queries = useQueryClient();
  const waiting = useRef(new Map<string, ReturnType<typeof setTimeout>>());
  useEffect(() => {
    const timers = waiting.current;
    return () => {
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
    };
  }, []);
  return (queryKey, after) => {
    const name = JSON.stringify(queryKey);
    if (waiting.current.has(name)) return;
    const read = () => {
      waiting.current.delete(name);
      void queries.invalidateQueries({ queryKey });
    };
    waiting.current.set(name, setTimeout(read, after));
  };
}
