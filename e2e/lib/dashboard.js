// The dashboard in a browser, as a person uses it. Whatever happens, it logs no error and asks nobody but its server.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { newVisitor } from "./browser.js";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What browsers say when an answer is an error: the page shows it, so it is none of the page. */
const ANSWERED = /^Failed to load resource: the server responded with a status of/;

export const PASSWORD = "correct horse battery";
export const OWNER = "owner@example.com";

export class Dashboard {
  faults = [];
  strangers = [];

  constructor(page, url) {
    Object.assign(this, { page, url });
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type()) && !ANSWERED.test(message.text())) this.faults.push(message.text());
    });
    page.on("pageerror", (error) => this.faults.push(String(error)));
    page.on("request", (request) => {
      const { protocol, origin } = new URL(request.url());
      if (!["data:", "blob:"].includes(protocol) && origin !== url) this.strangers.push(request.url());
    });
  }

  /** A person with a browser of their own, at the dashboard of a server. */
  static async open(test, url, options = {}) {
    const context = await newVisitor(test, { reducedMotion: "reduce", ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    const dashboard = new Dashboard(page, url);
    await page.goto(url);
    return dashboard;
  }

  async signIn(email = OWNER, password = PASSWORD) {
    await this.page.getByLabel("Email").fill(email);
    await this.page.getByLabel("Password").first().fill(password);
    await this.page.getByRole("button", { name: "Sign in" }).click();
  }

  /** Goes to a page by the navigation. */
  async go(name) {
    await this.page.getByRole("navigation").getByRole("link", { name }).click();
    await this.heading(name).waitFor();
  }

  heading(name) {
    return this.page.getByRole("heading", { name }).first();
  }

  /** Goes to a page of the project by its address, and waits until nothing of it is on its way any more. */
  async visit(path) {
    await this.page.goto(`${this.page.url().match(/^.*\/p\/[^/]+/)[0]}/${path}`);
    await this.page.getByRole("main").getByRole("heading").or(this.page.getByRole("alert")).first().waitFor();
    await this.page.locator(".mantine-Loader-root").first().waitFor({ state: "hidden" });
  }

  /** Nothing serious hinders those who use other means than eyes and a mouse. */
  async assertAccessible(what) {
    // What fades is looked at when it has arrived.
    await this.page.evaluate(() => Promise.allSettled(document.getAnimations().filter((one) => one instanceof CSSTransition).map(({ finished }) => finished)));
    // Not as a script of the page, which its policy would refuse.
    await this.page.evaluate(AXE);
    const found = await this.page.evaluate(async () => (await globalThis.axe.run(document, { resultTypes: ["violations"] })).violations);
    const serious = found.filter(({ impact }) => ["serious", "critical"].includes(impact));
    const told = serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`);
    assert.deepEqual(told, [], what);
  }

  assertClean() {
    assert.deepEqual(this.faults, [], "the console");
    assert.deepEqual(this.strangers, [], "requests to others");
  }
}

/** Opens a list and chooses from it. */
export async function choose(page, field, option) {
  await field.click();
  await page.getByRole("option", { name: option, exact: true }).click();
}

/**
 * Writes rich text anew, as a person does. Playwright's `fill` selects what is there in the page alone, and an editor that is just getting the focus puts its own selection
 * back: what was there would stay.
 */
export async function rewrite(editor, text) {
  await editor.click();
  await editor.press("Control+A");
  if (text === "") await editor.press("Delete");
  else await editor.page().keyboard.insertText(text);
}
