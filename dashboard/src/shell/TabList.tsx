import { Tabs } from "@mantine/core";
import { useEffect, useRef } from "react";

import { useText, type Key } from "../i18n";

/** The tabs of a page, in one line. Where they have no room beside each other, the chosen one is scrolled to. */
export function TabList({ tabs, chosen }: { tabs: (readonly [value: string, text: Key])[]; chosen: string }) {
  const { t } = useText();
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = list.current;
    if (!element) return;
    const show = () => {
      const one = element.querySelector("[aria-selected=true]")?.getBoundingClientRect();
      const all = element.getBoundingClientRect();
      // Not with scrollIntoView, which would scroll the page, too.
      if (one) element.scrollBy({ left: one.left + one.width / 2 - (all.left + all.width / 2) });
    };
    // Heard of once at the beginning, and whenever there is another width: a window that is turned, a page that is shown after all.
    const width = new ResizeObserver(show);
    width.observe(element);
    return () => width.disconnect();
  }, [chosen, t]);
  return (
    <Tabs.List ref={list} mb="md" className="tabs">
      {tabs.map(([value, text]) => (
        <Tabs.Tab key={value} value={value} style={{ whiteSpace: "nowrap" }}>
          {t(text)}
        </Tabs.Tab>
      ))}
    </Tabs.List>
  );
}
