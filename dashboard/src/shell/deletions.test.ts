import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { Deletions, HOLD_MAX_MS, LEFT_BEHIND_MS, WINDOW_MS, type Deletion, type Outcome } from "./deletions";

let sent: string[];
let kept: readonly Deletion[];
let told: Outcome[];
let deletions: Deletions;
let refuse: (session: string) => boolean;

const page = () =>
  new Deletions({
    send: async (project, session, isLeaving) => {
      if (refuse(session)) throw new Error(`no ${session}`);
      sent.push(`${project} ${session}${isLeaving ? " leaving" : ""}`);
    },
    keep: (waiting) => (kept = JSON.parse(JSON.stringify(waiting)) as Deletion[]),
    kept: () => kept,
  });
const begin = (...sessions: string[]) => deletions.begin("p", "me", sessions, (outcome) => told.push(outcome));
const first = () => deletions.snapshot()[0]?.id ?? 0;

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 0, 31) });
  [sent, kept, told, refuse] = [[], [], [], () => false];
  deletions = page();
});
afterEach(() => void vi.useRealTimers());

test("nothing is sent before the time is over", async () => {
  begin("a", "b");
  await vi.advanceTimersByTimeAsync(WINDOW_MS - 1);
  expect([sent, deletions.snapshot().length, kept.length]).toEqual([[], 1, 1]);
  await vi.advanceTimersByTimeAsync(1);
  expect(sent).toEqual(["p a", "p b"]);
  expect(told).toEqual([{ deleted: 2, failed: 0, error: undefined }]);
  expect([deletions.snapshot(), kept]).toEqual([[], []]);
});

test("what is taken back is never sent", async () => {
  begin("a");
  begin("b");
  deletions.undo(first());
  await vi.advanceTimersByTimeAsync(10 * WINDOW_MS);
  expect(sent).toEqual(["p b"]);
  expect(told).toHaveLength(1);
});

test("the time stands still while it is held", async () => {
  begin("a");
  await vi.advanceTimersByTimeAsync(WINDOW_MS - 1000);
  deletions.hold(first(), true);
  await vi.advanceTimersByTimeAsync(HOLD_MAX_MS - 1);
  expect(sent).toEqual([]);
  deletions.hold(first(), false);
  await vi.advanceTimersByTimeAsync(999);
  expect(sent).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(sent).toEqual(["p a"]);
});

test("the time does not stand still for ever", async () => {
  begin("a");
  deletions.hold(first(), true);
  await vi.advanceTimersByTimeAsync(HOLD_MAX_MS + WINDOW_MS - 1);
  expect(sent).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(sent).toEqual(["p a"]);
  expect(HOLD_MAX_MS + WINDOW_MS).toBeLessThan(LEFT_BEHIND_MS);
});

test("what was sent cannot be taken back", async () => {
  begin("a");
  const id = first();
  const sending = deletions.flush();
  deletions.undo(id);
  await sending;
  await vi.advanceTimersByTimeAsync(WINDOW_MS);
  expect(sent).toEqual(["p a"]);
});

test("what is refused is told, and not tried for ever", async () => {
  refuse = (session) => session === "b";
  begin("a", "b", "c");
  await deletions.flush();
  expect(told).toEqual([{ deleted: 2, failed: 1, error: new Error("no b") }]);
  expect(deletions.snapshot()).toEqual([]);
});

test("who leaves the page sends what waits", async () => {
  begin("a", "b");
  deletions.leave();
  expect(sent).toEqual(["p a leaving", "p b leaving"]);
  expect(kept).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(WINDOW_MS);
  expect(sent).toHaveLength(2);
});

test("what a page left behind is sent by the next one of the same member, once it is surely gone", async () => {
  begin("a");
  const next = page();
  next.resume("me");
  expect(next.snapshot()).toEqual([]);
  vi.setSystemTime(Date.now() + 120_000);
  next.resume("somebody else");
  expect(next.snapshot()).toEqual([]);
  next.resume("me");
  await vi.advanceTimersByTimeAsync(0);
  expect(sent).toEqual(["p a"]);
  expect(kept).toEqual([]);
});

test("pages keep what others keep", () => {
  begin("a");
  vi.advanceTimersByTime(1);
  const other = page();
  other.begin("p", "me", ["b"], () => {});
  expect(kept.map(({ sessions }) => sessions)).toEqual([["a"], ["b"]]);
  deletions.undo(first());
  expect(kept.map(({ sessions }) => sessions)).toEqual([["b"]]);
});
