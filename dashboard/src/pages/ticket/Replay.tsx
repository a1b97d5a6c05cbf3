// What happened on the screen before a report: of a web page, or the pictures of an app.
import { IconMovieOff } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";

import { api, ApiError, data } from "../../api/client";
import { useText } from "../../i18n";
import { Empty, Failure, Loading } from "../../shell/parts";
import { useProjectId } from "../../shell/project";
import { Frames, type Frame } from "./Frames";
import { WebReplay } from "./WebReplay";

export function Replay({ ticketId }: { ticketId: string }) {
  const { t } = useText();
  const project = useProjectId();
  const recorded = useQuery({
    queryKey: ["report", project, ticketId, "replay"],
    queryFn: () => data(api.GET("/v3/tickets/{ticketId}/replay", { params: { path: { ticketId }, header: { project } } })),
    staleTime: Infinity,
  });
  const nothing = <Empty icon={<IconMovieOff aria-hidden />} title={t("replay.nothing")} />;
  if (recorded.error instanceof ApiError && recorded.error.status === 404) return nothing;
  if (recorded.error) return <Failure error={recorded.error} retry={() => void recorded.refetch()} />;
  if (!recorded.data) return <Loading />;
  const { events, packed, frames, interval } = recorded.data as Recorded;
  if (Array.isArray(events) && events.length > 1) return <WebReplay events={events} isPacked={packed === true} />;
  if (Array.isArray(frames) && frames.length > 0) return <Frames frames={frames} interval={typeof interval === "number" ? interval : undefined} />;
  return nothing;
}

/** What a client sent; nothing of it is sure. */
interface Recorded {
  events?: unknown[];
  packed?: unknown;
  frames?: Frame[];
  interval?: unknown;
}
