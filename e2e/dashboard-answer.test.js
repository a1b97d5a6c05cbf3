// Answering in the dashboard: files, and changing what was said.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { rewrite } from "./lib/dashboard.js";
import { temporaryFolder } from "./lib/program.js";
import { colleague, HOSTILE, report, signedIn } from "./lib/ready.js";
import { until } from "./lib/wait.js";

const TIMEOUT = { timeout: 240_000 };

/** A picture of one pixel. */
const PNG = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");
const PAGE = Buffer.from("<!doctype html><script>opener.hacked=1;window.hacked=1</script>");

/** A ticket that is open in the dashboard. */
async function opened(test, env) {
  const ready = await signedIn(test, {}, env);
  const { id, credential } = await report(ready, { formData: { description: "The first" } });
  const address = ready.page.url().replace(/overview.*/, `tickets/${id}`);
  await ready.page.goto(address);
  const messages = ready.page.getByRole("list", { name: "Conversation" }).getByRole("listitem");
  await ready.page.getByRole("textbox", { name: "Reply" }).waitFor();
  return { ...ready, id, credential, address, messages };
}

test("files are chosen, dropped and pasted, taken away, and reach the session", TIMEOUT, async (test) => {
  const { api, dashboard, page, id, messages } = await opened(test);
  const attached = page.getByRole("list", { name: "Attached files" }).getByRole("listitem");
  const send = page.getByRole("button", { name: "Send", exact: true });
  await page.locator("input[type=file]").setInputFiles([
    { name: "shot.png", mimeType: "image/png", buffer: PNG },
    { name: "page.html", mimeType: "text/html", buffer: PAGE },
    { name: "wrong.txt", mimeType: "text/plain", buffer: Buffer.from("wrong") },
  ]);
  await attached.filter({ hasText: "shot.png" }).waitFor();
  await page.getByRole("button", { name: "Take wrong.txt away" }).click();
  await attached.filter({ hasText: "wrong.txt" }).waitFor({ state: "hidden" });
  await carry(page, "drop", [{ name: "dropped.txt", type: "text/plain", text: "dropped" }]);
  await attached.filter({ hasText: "dropped.txt" }).waitFor();
  await carry(page, "paste", [{ name: "image.png", type: "image/png", text: PNG.toString("binary") }]);
  await attached.filter({ hasText: "image.png" }).waitFor();
  await until("all are stored", async () => !(await send.isDisabled()));
  assert.equal(await attached.count(), 4);
  await dashboard.assertAccessible("attached files");

  // What is stored is still there after a reload.
  await page.reload();
  await attached.filter({ hasText: "image.png" }).waitFor();
  assert.equal(await attached.count(), 4);
  await page.getByRole("textbox", { name: "Reply" }).click();
  await page.keyboard.type("Look at these");
  await send.click();
  await messages.getByText("Look at these").waitFor();
  await attached.first().waitFor({ state: "hidden" });
  await messages.getByRole("img", { name: "Picture shot.png" }).waitFor();
  await until("the picture is drawn", () => page.evaluate(() => document.querySelector(".attached-picture")?.naturalWidth > 0));
  await messages.getByRole("link", { name: "page.html" }).waitFor();
  await dashboard.assertAccessible("files in a conversation");

  const { body: said } = await api.get(`/messages?ticket=${id}`);
  assert.deepEqual(said[0].attachments.map(({ name, type }) => [name, type]), [
    ["shot.png", "image/png"],
    ["page.html", "application/octet-stream"],
    ["dropped.txt", "text/plain; charset=utf-8"],
    ["image.png", "image/png"],
  ]);
  const file = await fetch(said[0].attachments[1].url);
  assert.match(file.headers.get("content-disposition"), /^attachment/);
  assert.match(file.headers.get("content-security-policy"), /sandbox/);
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  dashboard.assertClean();
});

test("a file alone is a message, and one that is too large is refused with the reason", TIMEOUT, async (test) => {
  const { server, api, dashboard, page, id } = await opened(test, { HARK_FILES_FILE_BYTES_MAX: "1000000" });
  const send = page.getByRole("button", { name: "Send", exact: true });
  const input = page.locator("input[type=file]");
  const large = join(await temporaryFolder(test), "large.bin");
  await writeFile(large, Buffer.alloc(20_000_000, 7));
  await input.setInputFiles(large);
  const fault = page.getByRole("alert").filter({ hasText: "large.bin is too large." });
  await fault.getByText("files.file_bytes_max").waitFor();
  await dashboard.assertAccessible("a file that is too large");
  await input.setInputFiles({ name: "fits.bin", mimeType: "application/octet-stream", buffer: Buffer.alloc(1_000_000, 7) });
  await page.getByText("fits.bin").waitFor();
  await until("the one that fits is stored", async () => (await page.getByRole("progressbar").count()) === 0);
  assert.equal(await send.isDisabled(), true, "nothing is sent without a file that was chosen");
  await page.getByRole("button", { name: "Take large.bin away" }).click();
  await send.click();
  const messages = page.getByRole("list", { name: "Conversation" });
  await messages.getByRole("link", { name: "fits.bin" }).waitFor();
  const { body: said } = await api.get(`/messages?ticket=${id}`);
  assert.equal(said[0].attachments.length, 1);

  // Without the server a file is not taken, and is sent again when it is back.
  await server.stop();
  await input.setInputFiles({ name: "later.txt", mimeType: "text/plain", buffer: Buffer.from("later") });
  await page.getByRole("alert").filter({ hasText: "later.txt was not taken." }).waitFor();
  await server.start();
  await page.getByRole("button", { name: "Send later.txt again" }).click();
  await until("it is stored", async () => !(await send.isDisabled()));
  await send.click();
  await messages.getByRole("link", { name: "later.txt" }).waitFor();
  assert.deepEqual(dashboard.strangers, []);
});

test("a key sends what was typed, drawn or not, once, and what is written meanwhile stays", TIMEOUT, async (test) => {
  const { api, dashboard, page, id, messages } = await opened(test);
  const reply = page.getByRole("textbox", { name: "Reply" });
  const said = async () => (await api.get(`/messages?ticket=${id}`)).body.map(({ data }) => data.text);
  await reply.click();
  // The keys come before the page is drawn again, as on a machine that has much to do.
  await typeAndSend(reply, "Quick", 2);
  await messages.getByText("Quick").waitFor();
  await until("the editor is empty", async () => (await reply.innerText()).trim() === "");
  assert.deepEqual(await said(), ["Quick"]);

  // While an answer is on its way, the next one is begun.
  let go;
  const held = new Promise((resolve) => (go = resolve));
  await page.route("**/v3/messages", async (route) => {
    await held;
    await route.continue();
  });
  await typeAndSend(reply, "Slow", 1);
  await page.keyboard.type(" and more");
  go();
  await messages.getByText("Slow", { exact: true }).waitFor();
  assert.equal(await reply.innerText(), "Slow and more");
  await page.unroute("**/v3/messages");

  await messages.filter({ hasText: "Slow" }).getByRole("button", { name: "What to do with this message" }).click();
  await page.getByRole("menuitem", { name: "Edit" }).click();
  const editor = page.getByRole("textbox", { name: "The message" });
  await rewrite(editor, "");
  await typeAndSend(editor, "Slower", 2);
  await editor.waitFor({ state: "hidden" });
  await messages.getByText("Slower").waitFor();
  assert.deepEqual(await said(), ["Quick", "Slower"]);
  dashboard.assertClean();
});

/** Types, and presses the key that sends so many times, before the page can draw. */
function typeAndSend(editor, text, times) {
  return editor.evaluate(
    async (editor, [text, times]) => {
      editor.focus();
      document.execCommand("insertText", false, text);
      // The editor hears of it, and nothing else.
      await null;
      for (let n = 0; n < times; n += 1) editor.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", code: "Enter", keyCode: 13, ctrlKey: true, bubbles: true, cancelable: true }));
    },
    [text, times],
  );
}

test("members change and delete what they said, and others see it", TIMEOUT, async (test) => {
  const ready = await opened(test);
  const { api, dashboard, page, id, address, messages } = ready;
  const other = await colleague(test, ready);
  await other.page.goto(address);
  const theirs = other.page.getByRole("list", { name: "Conversation" }).getByRole("listitem");
  await page.getByRole("textbox", { name: "Reply" }).click();
  await page.keyboard.type("We are wrong");
  await page.keyboard.press("Control+Enter");
  await theirs.getByText("We are wrong").waitFor();
  const options = { name: "What to do with this message" };
  assert.equal(await theirs.getByRole("button", options).count(), 0, "it is not theirs");

  await messages.getByRole("button", options).click();
  await dashboard.assertAccessible("the menu of a message");
  await page.getByRole("menuitem", { name: "Edit" }).click();
  const editor = page.getByRole("textbox", { name: "The message" });
  await editor.getByText("We are wrong").waitFor();
  await page.waitForFunction(() => document.activeElement?.getAttribute("aria-label") === "The message");
  await dashboard.assertAccessible("a message that is edited");
  await page.keyboard.press("Escape");
  await editor.waitFor({ state: "hidden" });
  await messages.getByRole("button", options).click();
  await page.getByRole("menuitem", { name: "Edit" }).click();
  await rewrite(editor, `We were right ${HOSTILE}`);
  await editor.press("Control+Enter");
  await theirs.getByText(`We were right ${HOSTILE}`).waitFor();
  await theirs.getByText("changed ·").waitFor();
  assert.equal((await api.get(`/messages?ticket=${id}`)).body[0].data.text, `We were right ${HOSTILE}`);

  await messages.getByRole("button", options).click();
  await page.getByRole("menuitem", { name: "Delete…" }).click();
  const dialog = page.getByRole("dialog", { name: "Delete this message?" });
  await dialog.waitFor();
  await dashboard.assertAccessible("the question whether to delete");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await dialog.waitFor({ state: "hidden" });
  assert.equal((await api.get(`/messages?ticket=${id}`)).body.length, 1);
  await messages.getByRole("button", options).click();
  await page.getByRole("menuitem", { name: "Delete…" }).click();
  await dialog.getByRole("button", { name: "Delete" }).click();
  await messages.first().waitFor({ state: "hidden" });
  await theirs.first().waitFor({ state: "hidden" });
  assert.deepEqual((await api.get(`/messages?ticket=${id}`)).body, []);
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  dashboard.assertClean();
  other.assertClean();
});

test("a message that changed while it was edited is not overwritten unseen, and what was typed is kept", TIMEOUT, async (test) => {
  const { api, dashboard, page, id, messages } = await opened(test);
  await page.getByRole("textbox", { name: "Reply" }).click();
  await page.keyboard.type("We are wrong");
  await page.keyboard.press("Control+Enter");
  await messages.getByText("We are wrong").waitFor();
  await messages.getByRole("button", { name: "What to do with this message" }).click();
  await page.getByRole("menuitem", { name: "Edit" }).click();
  const editor = page.getByRole("textbox", { name: "The message" });
  await rewrite(editor, "We were right");
  const [message] = (await api.get(`/messages?ticket=${id}`)).body;
  const says = async () => (await api.get(`/messages/${message.id}`)).body.data.text;
  assert.equal((await api.put(`/messages/${message.id}`, { comment: "We are late" })).status, 200);

  await editor.press("Control+Enter");
  const conflict = messages.getByRole("alert");
  await conflict.getByText("We are late").waitFor();
  await dashboard.assertAccessible("a message that somebody else changed");
  assert.equal(await says(), "We are late", "nothing is saved");
  assert.equal(await editor.innerText(), "We were right", "what was typed is kept");

  assert.equal((await api.put(`/messages/${message.id}`, { comment: "We are late again" })).status, 200);
  await page.getByRole("button", { name: "Save mine" }).click();
  await conflict.getByText("We are late again").waitFor();
  assert.equal(await says(), "We are late again");
  await page.getByRole("button", { name: "Save mine" }).click();
  await editor.waitFor({ state: "hidden" });
  await messages.getByText("We were right").waitFor();
  assert.equal(await says(), "We were right");
  // That the session has seen it is no conflict.
  await messages.getByRole("button", { name: "What to do with this message" }).click();
  await page.getByRole("menuitem", { name: "Edit" }).click();
  await rewrite(editor, "We are fine");
  assert.equal((await api.put(`/messages/${message.id}`, { sessionNotificationsUnread: false })).status, 200);
  await editor.press("Control+Enter");
  await editor.waitFor({ state: "hidden" });
  await messages.getByText("We are fine").waitFor();
  assert.equal(await says(), "We are fine");
  dashboard.assertClean();
});

/** Drops or pastes files where a reply is written, as a browser does it. */
function carry(page, how, files) {
  return page.getByRole("textbox", { name: "Reply" }).evaluate(
    (target, [how, files]) => {
      const data = new DataTransfer();
      for (const { name, type, text } of files) data.items.add(new File([Uint8Array.from(text, (sign) => sign.charCodeAt(0))], name, { type }));
      const options = { bubbles: true, cancelable: true };
      if (how === "paste") return target.dispatchEvent(new ClipboardEvent("paste", { ...options, clipboardData: data }));
      for (const name of ["dragover", "drop"]) target.dispatchEvent(new DragEvent(name, { ...options, dataTransfer: data }));
    },
    [how, files],
  );
}
