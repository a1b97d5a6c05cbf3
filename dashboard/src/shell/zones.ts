// Time zones, and what clocks in them show.

/** That of the viewer. */
export const OWN_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

/** All that the browser knows, and the one that is chosen; that of the viewer first. */
export function zones(chosen: string): string[] {
  return [...new Set([OWN_ZONE, "UTC", chosen, ...Intl.supportedValuesOf("timeZone")])];
}

/** The instant at which clocks of a zone show a day and time such as `2026-01-31T08:05`. */
export function instantOf(local: string, zone: string): string {
  const shown = Date.parse(`${local}Z`);
  const near = shown - aheadOf(shown, zone);
  // Where clocks changed between the two, the second look is the right one.
  return new Date(shown - aheadOf(near, zone)).toISOString();
}

/** How far clocks of a zone are ahead of UTC at an instant, in milliseconds. */
function aheadOf(at: number, zone: string): number {
  const format = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric" });
  const { year, month, day, hour, minute } = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)])) as Record<string, number>;
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute) - at + (at % 60_000);
}
