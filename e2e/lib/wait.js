import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

/** Asks until the answer is true; `what` says for what the test waits. */
export async function until(what, question, withinMs = 30_000) {
  for (const end = Date.now() + withinMs; Date.now() < end; await sleep(50)) {
    if (await question()) return;
  }
  assert.fail(`${what}: not within ${withinMs} ms`);
}

/** Runs so many loops at once and waits for all; each is told its number. */
export function together(count, loop) {
  return Promise.all(Array.from({ length: count }, (_, number) => loop(number)));
}
