// Server-sent events over fetch, because an EventSource cannot say for which project it asks.
import { useEffect, useRef } from "react";

import { raw } from "./client";

const RETRY_MS = 3000;

type Heard = (name: string, data: unknown) => void;

/** Calls `heard` with the name and the data of each event of `path`, again and again until the component goes. */
export function useEvents(path: string, project: string, heard: Heard): void {
  const latest = useRef(heard);
  latest.current = heard;
  useEffect(() => {
    const stop = new AbortController();
    void (async () => {
      while (!stop.signal.aborted) {
        try {
          const response = await raw(path, project, { signal: stop.signal });
          if (response.body) await read(response.body, (name, data) => latest.current(name, data));
        } catch {
          // It is tried again below; what is shown stays.
        }
        await new Promise((done) => setTimeout(done, RETRY_MS));
      }
    })();
    return () => stop.abort();
  }, [path, project]);
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
