// Server-sent events over fetch, because an EventSource cannot say for which project it asks.
import { useEffect, useRef } from "react";

import { raw } from "./client";

/** Pauses before it is tried again: an answer that ended is asked for at once, a server that does not answer is left alone for a while. */
const AGAIN_MS = 250;
const RETRY_MS = 3000;

type Heard = (name: string, data: unknown) => void;

/**
 * Calls `heard` with the name and the data of each event of `path`, again and again until the component goes. A tab that nobody sees does not listen:
 * browsers allow six connections to a server for all their tabs.
 */
export function useEvents(path: string, project: string, heard: Heard): void {
  const latest = useRef(heard);
  latest.current = heard;
  useEffect(() => {
    let stop: AbortController | undefined;
    const follow = () => {
      stop?.abort();
      stop = document.hidden ? undefined : new AbortController();
      if (stop) void listen(path, project, stop.signal, (name, data) => latest.current(name, data));
    };
    follow();
    document.addEventListener("visibilitychange", follow);
    return () => {
      document.removeEventListener("visibilitychange", follow);
      stop?.abort();
    };
  }, [path, project]);
}

async function listen(path: string, project: string, signal: AbortSignal, heard: Heard): Promise<void> {
  while (!signal.aborted) {
    let pause = RETRY_MS;
    try {
      const response = await raw(path, project, { signal });
      if (response.body) await read(response.body, heard);
      pause = AGAIN_MS;
    } catch {
      // It is tried again below; what is shown stays.
    }
    await new Promise((done) => setTimeout(done, pause));
  }
}

async function read(body: ReadableStream<Uint8Array>, heard: Heard): Promise<void> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (text + value).split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const name = block.match(/^event: ?(.*)$/m)?.[1];
      const data = block.match(/^data: ?(.*)$/m)?.[1];
      if (name) heard(name, data ? JSON.parse(data) : undefined);
    }
  }
}
