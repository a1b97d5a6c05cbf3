// How long somebody waits for a page, in milliseconds as the page sees it.
const TYPING_MS = 70;

/** Runs in each page before anything else: remembers what searches answered. */
export function watch() {
  const answers = new Map();
  const ask = window.fetch;
  window.fetch = async (...args) => {
    const response = await ask(...args);
    const { pathname, searchParams } = new URL(args[0].url ?? args[0], location.href);
    if (pathname.endsWith("/sessions/search") && response.ok) {
      const found = await response.clone().json();
      answers.set(searchParams.get("searchTerm"), { count: found.length, first: found[0]?.name });
    }
    return response;
  };
  const drawn = (is) =>
    new Promise((done, fail) => {
      const end = performance.now() + 30_000;
      const look = () => {
        if (is()) requestAnimationFrame(() => done(performance.now()));
        else if (performance.now() > end) fail(new Error("it was not drawn within 30 s"));
        else requestAnimationFrame(look);
      };
      look();
    });
  const table = () => document.querySelector("[role=table]");
  window.waits = {
    /** From the next key on until the table shows what was found for a term. */
    search: (term) =>
      new Promise((done, fail) => {
        const began = ({ timeStamp }) =>
          drawn(() => {
            const answer = answers.get(term);
            return answer && Number(table()?.getAttribute("aria-rowcount")) === answer.count + 1 && table().querySelector(".row.body a")?.textContent === answer.first;
          }).then((end) => done(end - timeStamp), fail);
        addEventListener("keydown", began, { once: true, capture: true });
      }),
    /** From the next click on until a session is shown with what it did. */
    session: (name) =>
      new Promise((done, fail) => {
        const began = ({ timeStamp }) =>
          drawn(() => {
            const panel = document.querySelector(".session [role=tabpanel]");
            return document.querySelector(".session h1")?.textContent.includes(name) && panel && !panel.querySelector("[role=status]");
          }).then((end) => done(end - timeStamp), fail);
        addEventListener("click", began, { once: true, capture: true });
      }),
  };
}

/** A window that was just opened keeps the browser itself busy for about so long. */
const WINDOW_MS = 1500;

/** Opens a list so many times in a browser that knows nothing of it, until its first row can be selected. */
export async function listInteractive(browser, { state, base }, path, times) {
  const all = [];
  for (let time = 0; time < times; time += 1) {
    const context = await browser.newContext({ locale: "en-US", storageState: state, viewport: { width: 1440, height: 900 } });
    const page = await context.newPage();
    await page.waitForTimeout(WINDOW_MS);
    const started = performance.now();
    await page.goto(base + path, { waitUntil: "commit" });
    await page.getByRole("checkbox", { name: /^Select (?!all)/ }).first().check();
    await page.getByText("1 selected").waitFor();
    all.push(performance.now() - started);
    await context.close();
  }
  return all;
}

/** Types terms into the search of the list, one after the other. */
export async function searched(page, terms) {
  const field = page.getByRole("searchbox", { name: "Search sessions" });
  const all = [];
  for (const term of terms) {
    await field.fill("");
    await page.waitForTimeout(500);
    await field.pressSequentially(term.slice(0, -1), { delay: TYPING_MS });
    const shown = page.evaluate((term) => window.waits.search(term), term);
    await page.waitForTimeout(TYPING_MS);
    await page.keyboard.press(term.at(-1));
    all.push(await shown);
  }
  return all;
}

/** Goes from the list to sessions and back, so many times. */
export async function sessionShown(page, times) {
  const all = [];
  for (let time = 0; time < times; time += 1) {
    const link = page.locator(".row.body a").nth(2 + time);
    const name = await link.textContent();
    const shown = page.evaluate((name) => window.waits.session(name), name);
    await link.click();
    all.push(await shown);
    await page.goBack();
    await page.locator(".row.body a").nth(2 + times).waitFor();
  }
  return all;
}
