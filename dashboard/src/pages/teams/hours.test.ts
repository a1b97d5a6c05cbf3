import { expect, test } from "vitest";

import { dayIndex, oneMore, summary, WORKDAYS, written } from "./hours";

test.each([
  ["monday", 0],
  ["MON", 0],
  [" Sunday ", 6],
  ["nonsense", -1],
])("%j is day %d", (day, index) => expect(dayIndex(day)).toBe(index));

test("days with the same hours are told together", () => {
  expect(summary(WORKDAYS)).toEqual([{ days: [0, 1, 2, 3, 4], hours: "09:00–17:00" }]);
  const split = [
    { day: "WED", openingTime: "09:00", closingTime: "12:00" },
    { day: "monday", openingTime: "13:00", closingTime: "17:00" },
    { day: "monday", openingTime: "09:00", closingTime: "12:00" },
    { day: "tuesday", openingTime: "09:00", closingTime: "12:00" },
  ];
  expect(summary(split)).toEqual([
    { days: [0, 1, 2], hours: "09:00–12:00" },
    { days: [0], hours: "13:00–17:00" },
  ]);
  expect(summary([])).toEqual([]);
});

test("one more is the next day at the same hours", () => {
  expect(oneMore([])).toEqual(WORKDAYS[0]);
  expect(oneMore(WORKDAYS)).toEqual({ day: "saturday", openingTime: "09:00", closingTime: "17:00" });
  expect(oneMore([{ day: "SUN", openingTime: "10:00", closingTime: "11:00" }])).toEqual({ day: "monday", openingTime: "10:00", closingTime: "11:00" });
});

test("hours have two digits", () => {
  const time = { day: "mon", openingTime: "9:00", closingTime: " 17:30", replyTime: 1 };
  expect(written(time)).toEqual({ ...time, openingTime: "09:00", closingTime: "17:30" });
});
