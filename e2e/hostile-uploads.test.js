// Files that mean harm: names that are paths, pages in the guise of pictures, uploads without end.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { createServer } from "node:http";
import { join, relative } from "node:path";
import { test } from "node:test";

import { newVisitor } from "./lib/browser.js";
import { Phone, readable } from "./lib/phones.js";
import { Connection, request } from "./lib/raw.js";
import { Server } from "./lib/server.js";

const SCRIPT = "<script>fetch('/taken');document.title='taken'</script>";
const PAGES = {
  "page.html": `<!doctype html><title>mine</title>${SCRIPT}`,
  "page.png": `<!doctype html>${SCRIPT}`,
  "picture.svg": `<svg xmlns="http://www.w3.org/2000/svg" onload="document.title='taken'">${SCRIPT}</svg>`,
  "data.xml": `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml">${SCRIPT}</html>`,
  "gif.html": `GIF89a/*${SCRIPT}*/`,
  "code.js": "document.title = 'taken'",
  "text.txt": `plain ${SCRIPT}`,
};
const TRICKS = [
  "../../../../tmp/x",
  "..\\..\\x",
  "/etc/passwd",
  "C:\\x",
  "..",
  ".",
  "",
  "a\0b.png",
  "con",
  "x".repeat(5_000),
  "%2e%2e%2fx",
  "a/b/c.png",
  "-rf",
  "\u202egnp.exe",
  "😀.png",
  "$(id).png",
];

async function setUp(test, env) {
  const { server, keys } = await Server.withProject(test, { env });
  const phone = await Phone.of(test, "ios", server, keys.sdkKey);
  await phone.session("/sessions", "");
  return { server, keys, phone };
}

/** Uploads files of `{ name: content }`, as browsers write them, and gives the answer. */
async function upload(phone, path, files, status = 200) {
  const parts = files.map(([name, content]) =>
    Buffer.from(`--b\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: text/html\r\n\r\n${content}\r\n`),
  );
  const body = Buffer.concat([...parts, Buffer.from("--b--\r\n")]);
  const headers = { ...phone.headers(path), "Content-Type": "multipart/form-data; boundary=b", "Content-Length": body.length };
  return readable(await phone.connection.exchange(request("POST", path, headers), body), status);
}

test("names are never paths: every file is readable at its address, and lies in the folder of files", async (test) => {
  const { server, phone } = await setUp(test);
  const before = await outside(server);
  const { fileUrls } = await upload(
    phone,
    "/uploads/attachments",
    TRICKS.map((name, number) => [name, `content ${number}`]),
  );
  assert.equal(fileUrls.length, TRICKS.length);
  for (const [number, url] of fileUrls.entries()) {
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/files\/[\w-]+\/[\w.%-]+$/, TRICKS[number]);
    const answer = await fetch(url);
    assert.equal(await answer.text(), `content ${number}`);
    assert.doesNotMatch(answer.headers.get("content-disposition"), /[\\/\r\n]/);
  }
  assert.deepEqual(await outside(server), before);
});

/** Paths in the data folder that are not in the folder of files. */
async function outside(server) {
  const found = await readdir(server.data, { recursive: true, withFileTypes: true });
  const paths = found.map((entry) => relative(server.data, join(entry.parentPath ?? entry.path, entry.name)));
  return paths.filter((path) => !path.startsWith("files")).sort();
}

test("addresses of files lead to files only", async (test) => {
  const { server, phone } = await setUp(test);
  const {
    fileUrls: [url],
  } = await upload(phone, "/uploads/attachments", [["a.txt", "mine"]]);
  const path = new URL(url).pathname;
  const token = path.split("/")[2];
  const guesses = [
    "/files/",
    "/files/x/a.txt",
    `/files/${token.slice(0, -1)}/a.txt`,
    `/files/${token}x/a.txt`,
    `/files/${token.slice(0, -2)}AA/a.txt`,
    `/files/${token.toUpperCase()}/a.txt`,
    "/files/../secret.key",
    "/files/%2e%2e/secret.key",
    "/files/..%2fsecret.key/a",
    `/files/${token}/../../secret.key`,
    "/files/%00/x",
    "//files/x/y",
    `/files/${"A".repeat(64)}/a.txt`,
  ];
  const connection = await Connection.to(test, server);
  for (const guess of guesses) {
    const answer = await connection.exchange(request("GET", guess, {}));
    assert.ok([400, 404].includes(answer.status), `${guess}: ${answer.status}`);
    assert.ok(!answer.text.includes("mine"));
  }
});

test("a browser that gets such a page from a careless server runs it", async (test) => {
  const careless = createServer((_, response) => response.setHeader("content-type", "text/html").end(PAGES["page.html"])).listen(0, "127.0.0.1");
  await once(careless, "listening");
  test.after(() => careless.close());
  const page = await (await newVisitor(test)).newPage();
  await page.goto(`http://127.0.0.1:${careless.address().port}/`);
  assert.equal(await page.title(), "taken");
});

test("pages and scripts do nothing in a browser, whatever they call themselves", async (test) => {
  const { server, phone } = await setUp(test);
  const { fileUrls } = await upload(phone, "/uploads/attachments", Object.entries(PAGES));
  const page = await (await newVisitor(test)).newPage();
  const requests = [];
  page.on("request", (request) => requests.push(new URL(request.url()).pathname));
  for (const url of fileUrls) {
    const answer = await fetch(url);
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff", url);
    assert.match(answer.headers.get("content-security-policy"), /sandbox/);
    assert.doesNotMatch(answer.headers.get("content-type"), /html|svg|xml|script/, url);
    await page.goto(url).catch((error) => assert.match(error.message, /Download is starting|ERR_ABORTED/));
    assert.notEqual(await page.title(), "taken", url);
  }
  // Within a page, as a messenger would show an attachment.
  await page.goto(`${server.url}/healthz`);
  for (const url of fileUrls) {
    await page.setContent(`<img src="${url}"><iframe src="${url}"></iframe><object data="${url}"></object>`, { waitUntil: "load" });
    assert.notEqual(await page.title(), "taken", url);
    const ran = page.frames().map((frame) => frame.title().catch(() => ""));
    assert.ok(!(await Promise.all(ran)).includes("taken"), url);
  }
  assert.ok(!requests.includes("/taken"), "no script ran");
});

test("what is too large, too many or no upload is refused, and leaves nothing behind", async (test) => {
  const { server, keys, phone } = await setUp(test, {
    HARK_FILES_FILE_BYTES_MAX: "1000",
    HARK_FILES_FILES_PER_UPLOAD_MAX: "3",
    HARK_FILES_UPLOAD_BYTES_MAX: "3000",
  });
  const files = async () =>
    (await readdir(join(server.data, "files"), { recursive: true, withFileTypes: true }).catch(() => [])).filter((entry) => entry.isFile()).length;
  await upload(phone, "/uploads/attachments", [
    ["a", "x".repeat(1000)],
    ["b", ""],
    ["c", "y"],
  ]);
  const kept = await files();
  const again = async () => Object.assign(await Phone.of(test, "ios", server, keys.sdkKey), { credential: phone.credential });
  await upload(await again(), "/uploads/attachments", [["a", "x".repeat(1001)]], 413);
  await upload(
    await again(),
    "/uploads/attachments",
    [
      ["a", ""],
      ["b", ""],
      ["c", ""],
      ["d", ""],
    ],
    413,
  );
  await upload(
    await again(),
    "/uploads/sdksteps",
    [
      ["a", "x".repeat(999)],
      ["b", "x".repeat(999)],
      ["c", "x".repeat(999)],
    ],
    413,
  );
  const stranger = await again();
  stranger.credential = { gleapId: "0".repeat(24), gleapHash: "forged" };
  await upload(stranger, "/uploads/sdk", [["a", "x"]], 401);
  const cut = await again();
  cut.connection.send(
    request(
      "POST",
      "/uploads/sdk",
      { ...cut.headers("/uploads/sdk"), "Content-Type": "multipart/form-data; boundary=b", "Content-Length": 900 },
      "--b\r\nContent-Disposition: form-data; name=file; filename=a\r\n\r\nhalf",
    ),
  );
  cut.connection.destroy();
  await upload(await again(), "/uploads/sdk", [["last", "z"]]);
  assert.equal(await files(), kept + 1);
});
