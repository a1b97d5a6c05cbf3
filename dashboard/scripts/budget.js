// Holds the first load to its budget: the scripts that index.html names, the frame and the page that are shown first, and all that these import.
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const DIST = new URL("../dist/", import.meta.url).pathname;
const BYTES_MAX = 250 * 1000;

/** The pages that a person sees first: the overview, in its frame. */
const FIRST = /^(Shell|Overview|Find)-/;

const needed = new Set();
const html = readFileSync(`${DIST}index.html`, "utf8");
const queue = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.js)"/g)].map(([, file]) => file);
const scripts = readdirSync(`${DIST}assets`).filter((name) => name.endsWith(".js"));
queue.push(...scripts.filter((name) => FIRST.test(name)).map((name) => `assets/${name}`));
while (queue.length > 0) {
  const file = queue.pop();
  if (needed.has(file)) continue;
  needed.add(file);
  const imports = readFileSync(DIST + file, "utf8").matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g);
  queue.push(...[...imports].map(([, name]) => `assets/${name}`));
}
if (needed.size === 0) throw new Error("index.html names no script");
const bytes = [...needed].reduce((sum, file) => sum + gzipSync(readFileSync(DIST + file), { level: 9 }).length, 0);
const summary = `first load: ${(bytes / 1000).toFixed(1)} kB of compressed JavaScript in ${needed.size} files (at most ${BYTES_MAX / 1000})`;
if (bytes > BYTES_MAX) {
  console.error(summary);
  process.exit(1);
}
console.log(summary);
