// Writes src/api/schema.d.ts from the description of a built server: run it after the API changed.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";

const root = new URL("../../", import.meta.url).pathname;
const hark = process.env.HARK_BINARY ?? `${root}target/debug/hark`;
const description = JSON.parse(execFileSync(hark, ["openapi"], { maxBuffer: 1 << 26, encoding: "utf8" }));
const types = astToString(await openapiTS(description));
writeFileSync(`${root}dashboard/src/api/schema.d.ts`, `// Made by \`npm run api\`. Do not edit.\n${types}`);
