import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { expect, test, vi } from "vitest";

import { readAgain } from "./again";

/** Something that is shown, whose answers arrive when the test says so: `asked` has them in turn. */
function shown() {
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
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
  readAgain(queries, ["ticket"]);
  readAgain(queries, ["ticket", "1"]);
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
  readAgain(queries, ["ticket"]);
  readAgain(queries, ["ticket"]);
  expect(asked.length).toBe(3);
  asked[2]?.resolve("new");
  await vi.waitFor(() => expect(text()).toBe("new"));
  await settled();
  expect(asked.length).toBe(3);
});

test("what could not be read is asked for once more", async () => {
  const { queries, asked } = shown();
  readAgain(queries, ["ticket"]);
  asked[0]?.reject(new Error("gone"));
  await vi.waitFor(() => expect(asked.length).toBe(2));
  asked[1]?.reject(new Error("gone"));
  await settled();
  expect(asked.length).toBe(2);
});

test("what is not shown any more is left alone", async () => {
  const { queries, asked } = shown();
  readAgain(queries, ["ticket"]);
  queries.clear();
  asked[0]?.resolve("old");
  await settled();
  expect(asked.length).toBe(1);
});
