import { expect, test } from "vitest";

import { instantOf } from "./zones";

test.each([
  ["2026-01-31T08:05", "Europe/Vienna", "2026-01-31T07:05:00.000Z"],
  ["2026-07-31T08:05", "Europe/Vienna", "2026-07-31T06:05:00.000Z"],
  ["2026-01-01T00:00", "Pacific/Kiritimati", "2025-12-31T10:00:00.000Z"],
  ["2026-01-01T00:00", "America/Los_Angeles", "2026-01-01T08:00:00.000Z"],
  ["2026-01-31T08:05", "Asia/Kathmandu", "2026-01-31T02:20:00.000Z"],
  ["2026-01-31T08:05", "UTC", "2026-01-31T08:05:00.000Z"],
  // The hours around the change of clocks: before, after, and what there is twice is one of the two.
  ["2026-03-29T01:59", "Europe/Vienna", "2026-03-29T00:59:00.000Z"],
  ["2026-03-29T03:00", "Europe/Vienna", "2026-03-29T01:00:00.000Z"],
  ["2026-10-25T01:30", "Europe/Vienna", "2026-10-24T23:30:00.000Z"],
  ["2026-10-25T03:00", "Europe/Vienna", "2026-10-25T02:00:00.000Z"],
])("%s in %s is %s", (local, zone, instant) => expect(instantOf(local, zone)).toBe(instant));
