// How long ago something was: it goes on while a page stays open.
import { useSyncExternalStore, type ReactNode } from "react";

import { useText } from "../i18n";

const STEP_MS = 20_000;

const listeners = new Set<() => void>();
let steps = 0;
let clock: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  clock ??= setInterval(() => {
    steps += 1;
    for (const listener of listeners) listener();
  }, STEP_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(clock);
    clock = undefined;
  };
}

/** The day and time are told by its title. `told` puts it into a sentence. */
export function Ago({ at, told }: { at: string; told?: (when: string) => ReactNode }) {
  const { ago, date } = useText();
  useSyncExternalStore(subscribe, () => steps);
  return <span title={date(at)}>{told ? told(ago(at)) : ago(at)}</span>;
}
