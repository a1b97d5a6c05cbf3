// What happened to a session and what it did, newest first; it grows while the session acts.
import { Button, Center, Text } from "@mantine/core";
import { IconBolt, IconEdit, IconEye, IconFlag, IconGitMerge, IconHistory, IconUser, IconUserCheck } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";

import { api, type Activity } from "../../api/client";
import { useText, type Key } from "../../i18n";
import { en } from "../../i18n/en";
import { Ago } from "../../shell/Ago";
import { Empty, Failure, Loading } from "../../shell/parts";
import { useProjectId } from "../../shell/project";
import { sessionKey } from "./query";

const ACTIVITIES_PER_PAGE = 50;
const ICONS: Record<string, typeof IconBolt> = {
  created: IconUser,
  identified: IconUserCheck,
  merged: IconGitMerge,
  page_view: IconEye,
  event: IconBolt,
  report: IconFlag,
  attribute_changed: IconEdit,
};

export function Timeline({ sessionId }: { sessionId: string }) {
  const { t } = useText();
  const projectId = useProjectId();
  const activities = useInfiniteQuery({
    queryKey: [...sessionKey(projectId, sessionId), "activities"],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam }) => {
      const params = { path: { sessionId }, header: { project: projectId }, query: { limit: ACTIVITIES_PER_PAGE, before: pageParam } };
      const { data, response } = await api.GET("/v3/sessions/{sessionId}/activities", { params });
      return { activities: data ?? [], next: olderThan(response) };
    },
    getNextPageParam: (page) => page.next,
  });
  if (activities.error && !activities.data) return <Failure error={activities.error} retry={() => void activities.refetch()} />;
  if (!activities.data) return <Loading />;
  const all = activities.data.pages.flatMap((page) => page.activities);
  if (all.length === 0) return <Empty icon={<IconHistory aria-hidden />} title={t("session.noTimeline")} />;
  return (
    <>
      <ol className="timeline" aria-label={t("session.timeline")}>
        {all.map((activity) => (
          <Entry key={activity.id} activity={activity} />
        ))}
      </ol>
      {activities.hasNextPage && (
        <Center mt="md">
          <Button variant="default" size="xs" loading={activities.isFetchingNextPage} onClick={() => void activities.fetchNextPage()}>
            {t("app.more")}
          </Button>
        </Center>
      )}
    </>
  );
}

/** The place from which older ones go on, from the header `Link`. */
function olderThan(response: Response): string | undefined {
  const link = response.headers.get("link")?.match(/<([^>]+)>;\s*rel="next"/)?.[1];
  return link ? (new URL(link, location.origin).searchParams.get("before") ?? undefined) : undefined;
}

function Entry({ activity }: { activity: Activity }) {
  const { t } = useText();
  const Icon = ICONS[activity.type] ?? IconBolt;
  const key = `activity.${activity.type}`;
  const { what, more } = detailsOf(activity);
  return (
    <li>
      <span className="dot">
        <Icon size={16} stroke={1.7} aria-hidden />
      </span>
      <div style={{ flex: 1, minWidth: 0 }}>
        <Text size="sm" className="wrap">
          {key in en ? t(key as Key) : activity.type} {what && <b>{what}</b>}
        </Text>
        {more && (
          <Text size="xs" className="quiet wrap" lineClamp={3}>
            {more}
          </Text>
        )}
      </div>
      <Text size="xs" className="quiet" style={{ whiteSpace: "nowrap" }}>
        <Ago at={activity.date} />
      </Text>
    </li>
  );
}

const asText = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

/** What an activity is about in a word, and the rest of its data as text. */
function detailsOf({ type, data }: Activity): { what: string; more: string } {
  const { name, data: own, ...others } = (data ?? {}) as Record<string, unknown>;
  const all = { ...others, ...(isObject(own) ? own : own !== undefined && { data: own }) };
  const [about] = ["page", "attributes", "type"].filter((member) => member in all);
  // The name of a page view says nothing that its kind does not say.
  const isNamed = name !== undefined && !(type === "page_view" && about === "page");
  const subject = isNamed ? name : about && all[about];
  const rest = Object.entries(all).filter(([member]) => isNamed || member !== about);
  return {
    what: Array.isArray(subject) ? subject.join(", ") : subject === undefined ? "" : asText(subject),
    more: rest.map(([member, value]) => `${member}: ${asText(value)}`).join(" · "),
  };
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
