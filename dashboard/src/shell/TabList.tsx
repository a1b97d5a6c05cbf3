import { Tabs } from "@mantine/core";
import { useEffect, useRef } from "react";

import { useText, type Key } from "../i18n";

/** The tabs of a page, in one line. Where they have no room beside each other, the chosen one is scrolled to. */
export function TabList({ tabs, chosen }: { tabs: (readonly [value: string, text: Key])[]; chosen: string }) {
  const { t } = useText();
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const [all, one] = [list.current, list.current?.querySelector("[aria-selected=true]")].map((element) => element?.getBoundingClientRect());
    // Not with scrollIntoView, which would scroll the page, too.
    if (all && one) list.current?.scrollBy({ left: one.left + one.width / 2 - (all.left + all.width / 2) });
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
