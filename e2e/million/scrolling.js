// Scrolling through the list for minutes: whether a row is ever blank, and what the tab holds after it.
const ROW_PX = 48;
/** One turn of the wheel, and the pause after it: some 60 rows a second. */
const WHEEL_PX = 300;
const WHEEL_MS = 100;
const SAMPLES = 12;
const MB = 1 << 20;

/** Scrolls down for some minutes. Heaps are in megabytes, after the garbage was collected; of the growth the first sample counts for nothing. */
export async function scrolled(context, url, sessions, minutes) {
  const page = await context.newPage();
  const browser = await context.newCDPSession(page);
  await page.goto(url);
  const table = page.getByRole("table", { name: "Sessions" });
  await table.getByRole("link").first().waitFor();
  await table.hover();
  await page.evaluate(lookAtFrames, { rowPx: ROW_PX, sessions });
  const [heaps, nodes] = [[], []];
  const each = (minutes * 60_000) / SAMPLES;
  for (let sample = 0; sample <= SAMPLES; sample += 1) {
    for (const end = Date.now() + (sample === 0 ? 0 : each); Date.now() < end; ) {
      await page.mouse.wheel(0, WHEEL_PX);
      await page.waitForTimeout(WHEEL_MS);
    }
    await page.evaluate(() => window.frameWatch.pause());
    for (let time = 0; time < 3; time += 1) await browser.send("HeapProfiler.collectGarbage");
    heaps.push((await browser.send("Runtime.getHeapUsage")).usedSize / MB);
    nodes.push((await browser.send("Memory.getDOMCounters")).nodes);
    await page.evaluate(() => window.frameWatch.resume());
  }
  const seen = await page.evaluate(() => window.frameWatch.seen);
  const rows = await table.evaluate((grid, row) => Math.round(grid.scrollTop / row), ROW_PX);
  await page.close();
  // Half of the samples beside the other half: single ones go up and down.
  const mean = (all) => all.reduce((sum, one) => sum + one, 0) / all.length;
  const warm = heaps.slice(1);
  const growthMb = mean(warm.slice(SAMPLES / 2)) - mean(warm.slice(0, SAMPLES / 2));
  return { ...seen, rows, heaps, nodes, growthMb };
}

/** Runs in the page: looks at each frame for rows in view that are not there, or have nothing in them yet; also where the list ends too early. */
function lookAtFrames({ rowPx, sessions }) {
  const seen = { frames: 0, blank: 0, longestMs: 0 };
  let isPaused = false;
  let before;
  const hasBlank = (grid) => {
    const there = new Set([...grid.querySelectorAll(".row.body")].filter((row) => row.querySelector("a")).map((row) => Number(row.getAttribute("aria-rowindex")) - 2));
    const head = grid.querySelector(".row.head").clientHeight;
    const to = Math.min(sessions - 1, Math.floor((grid.scrollTop + grid.clientHeight - head - 1) / rowPx));
    const isHeldUp = Number(grid.getAttribute("aria-rowcount")) - 1 < sessions && grid.scrollTop + grid.clientHeight >= grid.scrollHeight - 1;
    if (isHeldUp) return true;
    for (let row = Math.floor(grid.scrollTop / rowPx); row <= to; row += 1) if (!there.has(row)) return true;
    return false;
  };
  const look = (now) => {
    const grid = document.querySelector("[role=table]");
    if (!isPaused && grid) {
      seen.frames += 1;
      if (hasBlank(grid)) seen.blank += 1;
      if (before !== undefined) seen.longestMs = Math.max(seen.longestMs, now - before);
    }
    before = isPaused ? undefined : now;
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
  window.frameWatch = { seen, pause: () => (isPaused = true), resume: () => (isPaused = false) };
}
