import { QueryObserver } from "@tanstack/react-query";
import { expect, test, vi } from "vitest";

import { Queries } from "./queries";

/** Something that is shown, whose answers arrive when the test says so: `asked` has them in turn. */
function shown() {
  const queries = new Queries({ defaultOptions: { queries: { retry: false } } });
  const asked: { resolve: (value: string) => void; reject: (error: Error) => void }[] = [];
  const queryFn = () => new Promise<string>((resolve, reject) => asked.push({ resolve, reject }));
  const observer = new QueryObserver(queries, { queryKey: ["ticket", "1"], queryFn });
  observer.subscribe(() => {});
  const text = () => observer.getCurrentResult().data;
  return { queries, asked, text };
}

const settled = () => new Promise((done) => setTimeout(done, 20));

test("what changed while it was first read is read once more", async () => {
  const { queries, asked, text } = shown();
  void queries.invalidateQueries({ queryKey: ["ticket"] });
  void queries.invalidateQueries({ queryKey: ["ticket", "1"] });
  await settled();
  expect(asked.length).toBe(1);
  asked[0]?.resolve("old");
  await vi.waitFor(() => expect(asked.length).toBe(2));
  asked[1]?.resolve("new");
  await vi.waitFor(() => expect(text()).toBe("new"));
  await settled();
  expect(asked.length).toBe(2);
});

test("what is there is read again at once, and what is being read then anew", async () => {
  const { queries, asked, text } = shown();
  asked[0]?.resolve("old");
  await vi.waitFor(() => expect(text()).toBe("old"));
  void queries.invalidateQueries({ queryKey: ["ticket"] });
  void queries.invalidateQueries({ queryKey: ["ticket"] });
  expect(asked.length).toBe(3);
  asked[2]?.resolve("new");
  await vi.waitFor(() => expect(text()).toBe("new"));
  await settled();
  expect(asked.length).toBe(3);
});

test("what could not be read is asked for once more", async () => {
  const { queries, asked } = shown();
  void queries.invalidateQueries({ queryKey: ["ticket"] });
  asked[0]?.reject(new Error("gone"));
  await vi.waitFor(() => expect(asked.length).toBe(2));
  asked[1]?.reject(new Error("gone"));
  await settled();
  expect(asked.length).toBe(2);
});

test("what is not shown any more is left alone", async () => {
  const { queries, asked } = shown();
  void queries.invalidateQueries({ queryKey: ["ticket"] });
  queries.clear();
  asked[0]?.resolve("old");
  await settled();
  expect(asked.length).toBe(1);
});
