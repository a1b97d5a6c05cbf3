// People without end: who has a number is always the same.
import { once } from "node:events";
import { createWriteStream } from "node:fs";

const COLOURS = ["Amber", "Coral", "Crimson", "Indigo", "Ivory", "Olive", "Teal", "Violet"];
const BIRDS = ["Bittern", "Curlew", "Dunlin", "Heron", "Kestrel", "Lapwing", "Osprey", "Plover"];
const PLANS = ["business", "enterprise", "starter", "team"];
const TAGS = ["beta", "mobile", "partner", "renewal", "trial", "webinar"];
const PLACES = [
  ["Austria", "AT", "Vienna"],
  ["Germany", "DE", "Berlin"],
  ["Japan", "JP", "Osaka"],
  ["Peru", "PE", "Lima"],
];
const YEAR_MS = 365 * 86_400_000;
const START = Date.UTC(2025, 0, 1);
/** Lines that are written at once. */
const LINES = 2000;

/** Bits of a number that look drawn by chance; `which` tells several of one number apart. */
function mixed(number, which) {
  let bits = Math.imul(number + 1, 0x9e3779b1) ^ Math.imul(which + 1, 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 15), 0x2c1b3c6d);
  bits = Math.imul(bits ^ (bits >>> 12), 0x297a2d39);
  return (bits ^ (bits >>> 15)) >>> 0;
}

const pick = (list, number, which) => list[mixed(number, which) % list.length];
const date = (number, which) => new Date(START + (mixed(number, which) / 2 ** 32) * YEAR_MS).toISOString();

export const userIdOf = (number) => `user-${String(number).padStart(7, "0")}`;

/** Nobody else is called so. */
export const nameOf = (number) => `${pick(COLOURS, number, 0)} ${pick(BIRDS, number, 1)} ${number}`;

function person(number) {
  const [country, countryCode, city] = pick(PLACES, number, 2);
  const company = 1000 + (mixed(number, 3) % 9000);
  const event = (which) => ({ count: 1 + (mixed(number, which) % 400), firstAt: date(number, which + 1), lastAt: date(number, which + 2) });
  return {
    userId: userIdOf(number),
    name: nameOf(number),
    email: `${userIdOf(number)}@example.com`,
    phone: `+43664${String(number).padStart(7, "0")}`,
    value: mixed(number, 4) % 100_000,
    plan: pick(PLANS, number, 5),
    companyId: `c-${company}`,
    companyName: `Company ${company}`,
    lang: pick(["de", "en", "es", "fr"], number, 6),
    platform: "web",
    tags: [pick(TAGS.slice(0, 3), number, 7), pick(TAGS.slice(3), number, 8)],
    customData: { seats: 1 + (mixed(number, 9) % 500), role: pick(["admin", "member", "owner"], number, 10) },
    location: { country, countryCode, region: city, city },
    lastPageView: { page: `https://example.com/app/page/${mixed(number, 11) % 1000}`, date: date(number, 12) },
    // The last number came last: it is at the top of the list.
    createdAt: new Date(START + number * 1000).toISOString(),
    lastActivity: date(number, 14),
    sessions: 1 + (mixed(number, 15) % 900),
    eventData: { login: event(16), search: event(20) },
  };
}

/** Writes so many people into a file, in the form that `hark import` reads. */
export async function writePeople(file, count) {
  const out = createWriteStream(file);
  for (let from = 0; from < count; from += LINES) {
    const lines = Array.from({ length: Math.min(LINES, count - from) }, (_, n) => `${JSON.stringify(person(from + n))}\n`);
    if (!out.write(lines.join(""))) await once(out, "drain");
  }
  out.end();
  await once(out, "finish");
}
