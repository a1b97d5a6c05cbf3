// The columns of the table: what they show, and which are chosen in this browser.
import { Badge, Group } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { useMemo } from "react";

import type { Session } from "../../api/client";
import { useText, type Key } from "../../i18n";
import { Ago } from "../../shell/Ago";

export interface Column {
  /** The name of the field, or the path of a custom attribute. */
  id: string;
  /** What a standard field is called; a custom attribute has its own name. */
  text?: Key;
  width: number;
  /** Whether the server sorts by it. */
  sorts?: boolean;
}

export const COLUMNS: Column[] = [
  { id: "email", text: "field.email", width: 230, sorts: true },
  { id: "userId", text: "field.userId", width: 150, sorts: true },
  { id: "companyName", text: "field.companyName", width: 170 },
  { id: "plan", text: "field.plan", width: 100 },
  { id: "value", text: "field.value", width: 100 },
  { id: "lastActivity", text: "field.lastActivity", width: 140, sorts: true },
  { id: "sessions", text: "field.sessions", width: 90 },
  { id: "tags", text: "field.tags", width: 180 },
  { id: "location", text: "field.location", width: 160 },
  { id: "phone", text: "field.phone", width: 150 },
  { id: "platform", text: "field.platform", width: 110 },
  { id: "lang", text: "field.lang", width: 100 },
  { id: "countFeedbackReports", text: "field.countFeedbackReports", width: 90 },
  { id: "lastPageView", text: "field.lastPageView", width: 260 },
  { id: "createdAt", text: "field.createdAt", width: 140, sorts: true },
];

const FIRST = ["email", "companyName", "plan", "value", "lastActivity", "tags"];

const CUSTOM = "customData.";
const CUSTOM_PX = 150;

export const customColumn = (name: string): Column => ({ id: CUSTOM + name, width: CUSTOM_PX });
export const isCustom = (id: string) => id.startsWith(CUSTOM);

/** What a column is called. */
export function useColumnName(): (column: Column) => string {
  const { t } = useText();
  return ({ id, text }) => (text ? t(text) : id.slice(CUSTOM.length));
}

/** Those that are chosen, and how to choose others: custom attributes come last, in the order in which they were chosen. */
export function useColumns(): [Column[], (ids: string[]) => void] {
  const [chosen, choose] = useLocalStorage({ key: "hark-session-columns", defaultValue: FIRST, getInitialValueInEffect: false });
  const columns = useMemo(() => {
    const own = chosen.filter(isCustom).map((id) => customColumn(id.slice(CUSTOM.length)));
    return [...COLUMNS.filter(({ id }) => chosen.includes(id)), ...own];
  }, [chosen]);
  return [columns, choose];
}

export function Cell({ session, column }: { session: Session; column: Column }) {
  const { number } = useText();
  switch (column.id) {
    case "lastActivity":
    case "createdAt": {
      const at = session[column.id];
      return at ? <Ago at={at} /> : null;
    }
    case "tags":
      return (
        <Group gap={4} wrap="nowrap">
          {session.tags.map((tag) => (
            <Badge key={tag} size="sm" variant="default" tt="none">
              {tag}
            </Badge>
          ))}
        </Group>
      );
    case "location":
      return <>{placeOf(session)}</>;
    case "lastPageView":
      return <>{session.lastPageView?.page}</>;
    default: {
      const value = isCustom(column.id) ? session.customData?.[column.id.slice(CUSTOM.length)] : session[column.id as keyof Session];
      if (typeof value === "number") return <span className="number">{number(value)}</span>;
      if (value === undefined || value === null) return null;
      return <>{typeof value === "string" ? value : JSON.stringify(value)}</>;
    }
  }
}

export function placeOf({ location }: Session): string {
  const part = (name: string) => (typeof location?.[name] === "string" ? (location[name] as string) : "");
  return [part("city"), part("country") || part("countryCode")].filter(Boolean).join(", ");
}
