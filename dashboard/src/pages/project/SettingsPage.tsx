import { Tabs } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, type ComponentType } from "react";

import { useText, type Key } from "../../i18n";
import { part } from "../../shell/part";
import { Loading, PageTitle } from "../../shell/parts";
import { useProject } from "../../shell/project";
import { TabList } from "../../shell/TabList";
import { AuditLog } from "./AuditLog";
import { Identity } from "./Identity";
import { Keys } from "./Keys";
import { Members } from "./Members";
import { Retention } from "./Retention";
import { Sdk } from "./Sdk";
import { SignIns } from "./SignIns";
import { Webhooks } from "./Webhooks";

const Teams = lazy(() => part(() => import("../teams/Teams")).then(({ Teams }) => ({ default: Teams })));
const Templates = lazy(() => part(() => import("../templates/Templates")).then(({ Templates }) => ({ default: Templates })));

const TABS: [string, Key, ComponentType][] = [
  ["keys", "settings.keys", Keys],
  ["identity", "settings.identity", Identity],
  ["sdk", "settings.sdk", Sdk],
  ["members", "settings.members", Members],
  ["teams", "settings.teams", Teams],
  ["templates", "settings.templates", Templates],
  ["webhooks", "settings.webhooks", Webhooks],
  ["retention", "settings.retention", Retention],
  ["audit-log", "settings.auditLog", AuditLog],
  ["sign-ins", "settings.signIns", SignIns],
];

export function SettingsPage() {
  const { t } = useText();
  const project = useProject();
  const search = useSearch({ strict: false });
  const tab = TABS.find(([value]) => value === search.tab)?.[0] ?? "keys";
  const navigate = useNavigate();
  return (
    <>
      <PageTitle title={t("settings.title")} hint={project?.name} />
      <Tabs
        value={tab}
        keepMounted={false}
        className="panel"
        p="md"
        maw={1060}
        onChange={(tab) => void navigate({ to: ".", search: { tab: tab ?? undefined }, replace: true })}
      >
        <TabList tabs={TABS.map(([value, text]) => [value, text] as const)} chosen={tab} />
        {TABS.map(([value, , Content]) => (
          <Tabs.Panel value={value} key={value}>
            <Suspense fallback={<Loading />}>
              <Content />
            </Suspense>
          </Tabs.Panel>
        ))}
      </Tabs>
    </>
  );
}
