// What the documents point to is there.
import assert from "node:assert/strict";
import { access, readFile, readdir } from "node:fs/promises";
import { test } from "node:test";

const ROOT = new URL("../", import.meta.url);

async function documents() {
  const markdown = async (folder) => (await readdir(new URL(folder, ROOT))).filter((name) => name.endsWith(".md")).map((name) => folder + name);
  return (await Promise.all(["./", "docs/", "openapi/", "bench/"].map(markdown))).flat();
}

/** Anchors as they are made of headings: lower case, spaces as hyphens, no punctuation. */
function anchors(text) {
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading);
  return headings.map((heading) => heading.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-"));
}

test("every relative link of the documents leads to a file, and to a heading of it", async () => {
  let links = 0;
  for (const document of await documents()) {
    const text = await readFile(new URL(document, ROOT), "utf8");
    for (const [, target] of text.matchAll(/\]\((?![a-z]+:)([^)\s]+)\)/g)) {
      const [path, anchor] = target.split("#");
      const file = path === "" ? new URL(document, ROOT) : new URL(path, new URL(document, ROOT));
      await assert.doesNotReject(access(file), `${document}: ${target}`);
      if (anchor) assert.ok(anchors(await readFile(file, "utf8")).includes(anchor), `${document}: ${target}`);
      links += 1;
    }
  }
  assert.ok(links > 10);
});
