// Going about a page with nothing but keys.
import assert from "node:assert/strict";

/** More than any page has places for the focus. */
const PRESSES_MAX = 150;

/** Presses Tab until an element has the focus; it must be in sight then. */
export async function tabTo(page, target) {
  const hasFocus = () => target.evaluateAll((all) => all.some((one) => one === document.activeElement || one.contains(document.activeElement)));
  for (let presses = 0; presses < PRESSES_MAX; presses += 1) {
    if (await hasFocus()) {
      const seen = await page.evaluate(() => {
        const { left, top, right, bottom } = document.activeElement.getBoundingClientRect();
        return right > 0 && bottom > 0 && left < innerWidth && top < innerHeight;
      });
      assert.ok(seen, `${target} has the focus and is in sight`);
      return;
    }
    await page.keyboard.press("Tab");
  }
  assert.fail(`${target} is not reached by Tab`);
}
