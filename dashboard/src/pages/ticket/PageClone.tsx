// The page as the user saw it, which web clients send in place of a picture. In a frame without scripts, forms or anything of this page.
import { useQuery } from "@tanstack/react-query";

import { api, data } from "../../api/client";
import { useText } from "../../i18n";
import { useProjectId } from "../../shell/project";

const WIDTH_PX = 1280;
const HEIGHT_PX = 800;
/** As wide as the report at most. */
const SHOWN_PX = 560;

export function PageClone({ ticketId }: { ticketId: string }) {
  const { t } = useText();
  const project = useProjectId();
  const page = useQuery({
    queryKey: ["report", project, ticketId, "snapshot"],
    queryFn: () => data(api.GET("/v3/tickets/{ticketId}/snapshot", { params: { path: { ticketId }, header: { project } } })),
    staleTime: Infinity,
  });
  const { html, width, height } = (page.data ?? {}) as { html?: unknown; width?: unknown; height?: unknown };
  if (typeof html !== "string") return null;
  const [w, h] = [Number(width) || WIDTH_PX, Number(height) || HEIGHT_PX];
  const scale = Math.min(1, SHOWN_PX / w);
  return (
    <div className="replay" style={{ width: w * scale, maxWidth: "100%", height: h * scale }}>
      <iframe
        title={t("ticket.screenshot")}
        sandbox=""
        srcDoc={html}
        width={w}
        height={h}
        tabIndex={-1}
        style={{ border: 0, transform: `scale(${scale})`, transformOrigin: "0 0", background: "#fff" }}
      />
    </div>
  );
}
