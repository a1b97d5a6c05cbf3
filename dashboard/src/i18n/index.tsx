// Texts by key, dates and numbers as the viewer's language writes them.
import { createContext, use, useEffect, useMemo, useState, type ReactNode } from "react";

import { en, type Catalogue } from "./en";

export type Key = keyof Catalogue;
export const LANGUAGES = { en: "English", de: "Deutsch" };
export type Language = keyof typeof LANGUAGES;

const STORED = "hark-language";

interface Localised {
  language: Language;
  choose: (language: Language) => void;
  t: (key: Key, values?: Record<string, string | number>) => string;
  number: (value: number) => string;
  /** A size in bytes, in the unit that suits it. */
  bytes: (value: number) => string;
  date: (value: string) => string;
  /** The same with the time zone in which it is told. */
  instant: (value: string) => string;
  day: (value: string) => string;
  /** The time of day to the millisecond. */
  time: (value: string) => string;
  /** A day without its year. */
  shortDay: (at: number) => string;
  /** The name of a weekday, 0 for Monday. */
  weekday: (index: number) => string;
  ago: (value: string) => string;
}

const Context = createContext<Localised | undefined>(undefined);

export function Localisation({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(first);
  const [catalogue, setCatalogue] = useState<Catalogue>(en);
  useEffect(() => {
    document.documentElement.lang = language;
    if (language === "en") setCatalogue(en);
    else void import("./de").then(({ de }) => setCatalogue(de));
  }, [language]);
  const localised = useMemo(() => {
    const choose = (chosen: Language) => {
      localStorage.setItem(STORED, chosen);
      setLanguage(chosen);
    };
    return { language, choose, ...formats(language, catalogue) };
  }, [language, catalogue]);
  return <Context value={localised}>{children}</Context>;
}

export function useText(): Localised {
  const localised = use(Context);
  if (!localised) throw new Error("useText outside of Localisation");
  return localised;
}

function first(): Language {
  const wanted = localStorage.getItem(STORED) ?? navigator.language.slice(0, 2);
  return wanted in LANGUAGES ? (wanted as Language) : "en";
}

/** The steps in which a time ago is told, in seconds. */
const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

/** The units of sizes, each so many bytes. */
const SIZES: [string, number][] = [
  ["gigabyte", 1e9],
  ["megabyte", 1e6],
  ["kilobyte", 1e3],
  ["byte", 1],
];

const DAY_MS = 86_400_000;
const A_MONDAY = Date.UTC(2024, 0, 1);

function formats(language: Language, catalogue: Catalogue) {
  // The region of the viewer decides how dates and numbers look where it is of the chosen language.
  const locale = navigator.language.startsWith(language) ? navigator.language : language;
  const numbers = new Intl.NumberFormat(locale);
  const dates = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  const days = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
  const instants = new Intl.DateTimeFormat(locale, { year: "numeric", month: "short", day: "numeric", hour: "numeric", minute: "2-digit", timeZoneName: "short" });
  const times = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 });
  const shortDays = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", timeZone: "UTC" });
  const weekdays = new Intl.DateTimeFormat(locale, { weekday: "short", timeZone: "UTC" });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  return {
    t: (key: Key, values: Record<string, string | number> = {}) =>
      catalogue[key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole)),
    number: (value: number) => numbers.format(value),
    bytes: (value: number) => {
      const [unit, size] = SIZES.find(([, size]) => value >= size) ?? ["byte", 1];
      return new Intl.NumberFormat(locale, { style: "unit", unit, maximumFractionDigits: 1 }).format(value / size);
    },
    date: (value: string) => dates.format(new Date(value)),
    instant: (value: string) => instants.format(new Date(value)),
    day: (value: string) => days.format(new Date(value)),
    time: (value: string) => times.format(new Date(value)),
    shortDay: (at: number) => shortDays.format(at),
    weekday: (index: number) => weekdays.format(A_MONDAY + index * DAY_MS),
    ago: (value: string) => {
      // Clocks of clients may be ahead: nothing was seen in the future.
      const seconds = Math.min(0, (new Date(value).getTime() - Date.now()) / 1000);
      const step = STEPS.find(([, length]) => Math.abs(seconds) >= length);
      return step ? relative.format(Math.round(seconds / step[1]), step[0]) : relative.format(0, "second");
    },
  };
}
