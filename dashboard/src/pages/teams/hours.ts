// When a team works, as people set it.

export interface Time {
  day: string;
  openingTime: string;
  closingTime: string;
}

/** As the server calls them, from Monday. */
export const DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/** What is proposed to a team that begins to have hours. */
export const WORKDAYS: Time[] = DAYS.slice(0, 5).map((day) => ({ day, openingTime: "09:00", closingTime: "17:00" }));

/** The place of a day in the week, however it is written: `MON` is 0. */
export const dayIndex = (day: string) => DAYS.findIndex((known) => known.slice(0, 3) === day.trim().toLowerCase().slice(0, 3));

/** The same with two digits for the hours, as fields for times want them. */
export const written = <T extends Time>(time: T): T => ({ ...time, openingTime: time.openingTime.trim().padStart(5, "0"), closingTime: time.closingTime.trim().padStart(5, "0") });

/** The day after the latest one, at the same hours: what is most likely meant by one more. */
export function oneMore(times: Time[]): Time {
  const last = times.at(-1);
  if (!last) return { day: "monday", openingTime: "09:00", closingTime: "17:00" };
  return { ...last, day: DAYS[(dayIndex(last.day) + 1) % DAYS.length] ?? "monday" };
}

/** Days with the same hours side by side, such as `["monday", "tuesday"]` at `09:00–17:00`. */
export function summary(times: Time[]): { days: number[]; hours: string }[] {
  const inOrder = times.toSorted((a, b) => dayIndex(a.day) - dayIndex(b.day) || a.openingTime.localeCompare(b.openingTime));
  const parts: { days: number[]; hours: string }[] = [];
  for (const { day, openingTime, closingTime } of inOrder) {
    const hours = `${openingTime}–${closingTime}`;
    const part = parts.find((part) => part.hours === hours && part.days.at(-1) === dayIndex(day) - 1);
    if (part) part.days.push(dayIndex(day));
    else parts.push({ days: [dayIndex(day)], hours });
  }
  return parts;
}
