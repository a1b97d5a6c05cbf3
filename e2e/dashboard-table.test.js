// The table of sessions where it is longer than what is kept of it.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { signedIn } from "./lib/ready.js";
import { until } from "./lib/wait.js";

const TIMEOUT = { timeout: 240_000 };
const ROWS = 1250;
const ROW_PX = 48;

const nameOf = (number) => `Person ${String(number).padStart(4, "0")}`;

test("of a long table what is near is kept, and every row is there once", TIMEOUT, async (test) => {
  const { server, keys, api, dashboard, page } = await signedIn(test);
  const file = join(server.data, "..", "people.ndjson");
  const people = Array.from({ length: ROWS }, (_, n) => JSON.stringify({ userId: `user-${String(n + 1).padStart(4, "0")}`, name: nameOf(n + 1) }));
  await writeFile(file, people.join("\n"));
  await server.commandOutput("import", file, "--project", keys.projectId);
  await page.goto(page.url().replace(/overview.*/, "sessions?sort=userId"));
  await page.getByText("1,250 sessions").waitFor();
  const table = page.getByRole("table", { name: "Sessions" });
  const scroll = (row) => table.evaluate((grid, top) => grid.scrollTo(0, top), row * ROW_PX);
  const shows = (number) => page.getByRole("link", { name: nameOf(number), exact: true }).waitFor();

  await until("the last row is reached", async () => {
    await scroll(ROWS);
    return (await page.getByRole("link", { name: nameOf(ROWS) }).count()) === 1;
  });
  // By leaps over what is not kept any more.
  for (const number of [1, 620, 1200, 380, 3]) {
    await scroll(number - 1);
    await shows(number);
    assert.ok((await table.getByRole("row").count()) < 100, "only what is in view is drawn");
  }
  // What is selected stays so while it is out of sight.
  for (const number of [3, 700, 1249]) {
    await scroll(number - 1);
    await page.getByLabel(`Select ${nameOf(number)}`).check();
  }
  await page.getByText("3 selected").waitFor();
  await api.put(`/sessions/${(await api.lookup("user-0003")).body.id}`, { tags: ["mine"] });
  await page.getByRole("button", { name: "Add tag" }).click();
  await page.getByLabel("Tag", { exact: true }).fill("vip");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("3 changed.").waitFor();
  for (const [user, tags] of [["user-0003", ["mine", "vip"]], ["user-0700", ["vip"]], ["user-1249", ["vip"]], ["user-0004", []]]) {
    assert.deepEqual((await api.lookup(user)).body.tags, tags, user);
  }

  // Rows that others take away and add move those behind them.
  await scroll(230);
  await shows(232);
  for (const user of ["user-0150", "user-0250"]) await api.delete(`/sessions/${(await api.lookup(user)).body.id}`);
  await api.identify({ userId: "user-0120b", name: "Added" });
  await page.getByLabel(`Select ${nameOf(232)}`).check();
  await page.getByRole("button", { name: "Block", exact: true }).click();
  await page.getByText("1 changed.").waitFor();
  await until("those that are gone are out of the table", async () => (await page.getByRole("link", { name: nameOf(250) }).count()) === 0);
  const expected = [...Array(ROWS).keys()].map((n) => nameOf(n + 1)).filter((name) => ![nameOf(150), nameOf(250)].includes(name));
  expected.splice(120, 0, "Added");
  for (let row = 0; row < 480; row += 10) {
    await scroll(row);
    const wanted = expected.slice(row, row + 10);
    await until(`the rows from ${row} on are ${wanted}`, async () => {
      const there = new Map(await table.evaluate(rowsOf));
      return wanted.every((name, n) => there.get(row + n) === name);
    });
  }

  // What cannot be read is said, and asked for again.
  const refuse = (route) => route.fulfill({ status: 500, contentType: "application/json", body: JSON.stringify({ code: "internal", message: "" }) });
  await page.route("**/v3/sessions?*", refuse);
  await scroll(1000);
  await page.getByRole("alert").waitFor();
  await dashboard.assertAccessible("rows that are missing");
  await page.unroute("**/v3/sessions?*", refuse);
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("alert").waitFor({ state: "hidden" });
  await shows(1003);

  // The server stops counting somewhere, and does not know how many there are.
  const counted = (route) => route.fulfill({ contentType: "application/json", body: JSON.stringify({ data: [], totalCount: 100_000 }) });
  await page.route(/v3\/sessions\?.*withCount=true/, counted);
  await page.reload();
  await page.getByText("100,000 sessions or more").waitFor();
  dashboard.assertClean();
});

/** The rows that arrived, as pairs of their number from 0 on and their name. */
const rowsOf = (grid) =>
  [...grid.querySelectorAll(".row.body")].flatMap((row) => {
    const name = row.querySelector("a")?.textContent;
    return name ? [[Number(row.getAttribute("aria-rowindex")) - 2, name]] : [];
  });
