// Who else is with a ticket. Tells the server that the viewer is, as long as the page is seen.
import { Text } from "@mantine/core";
import { useEffect } from "react";

import { api, data, PROOF } from "../../api/client";
import { useText } from "../../i18n";
import { usePresent } from "../../shell/Live";
import { nameOfMember, useMe, useMembers, useProjectId } from "../../shell/project";

/** The server forgets who looks after a minute. */
const AGAIN_MS = 25_000;
/** It forgets who writes after ten seconds, and says so only when it is asked. */
const WHILE_TYPING_MS = 6_000;

export function Company({ ticketId }: { ticketId: string }) {
  const { t } = useText();
  const me = useMe();
  const members = useMembers();
  const { present } = usePresent();
  const others = present.filter(({ ticket, user }) => ticket === ticketId && user !== me.data?.id);
  const isTyping = others.some(({ doing }) => doing === "typing");
  useLooking(ticketId, isTyping);
  const named = (doing: "viewing" | "typing") => {
    const ids = others.filter((one) => one.doing === doing).map(({ user }) => user);
    return ids.map((id) => nameOfMember(members.data?.find((member) => member.id === id) ?? {}) || t("inbox.somebody"));
  };
  const writers = named("typing");
  const viewers = named("viewing").filter((name) => !writers.includes(name));
  return (
    <Text size="xs" className="quiet" role="status" ta="right">
      {writers.length > 0 && <span style={{ display: "block" }}>{t("ticket.typing", { who: writers.join(", ") })}</span>}
      {viewers.length > 0 && <span style={{ display: "block" }}>{t("ticket.viewing", { who: viewers.join(", ") })}</span>}
    </Text>
  );
}

function useLooking(ticketId: string, isTyping: boolean): void {
  const project = useProjectId();
  const { renew } = usePresent();
  useEffect(() => {
    const say = () => {
      if (document.hidden) return;
      const said = data(api.POST("/v3/tickets/{ticketId}/viewing", { params: { path: { ticketId }, header: { project } }, body: { viewing: true } }));
      said.then(({ present }) => renew(ticketId, present)).catch(() => {}); // said again soon
    };
    say();
    const timer = setInterval(say, isTyping ? WHILE_TYPING_MS : AGAIN_MS);
    return () => clearInterval(timer);
  }, [ticketId, project, isTyping, renew]);
  useEffect(() => {
    const leave = () => {
      // Also when the tab is closed, so not by the client, which waits for answers.
      const headers = { ...PROOF, project, "content-type": "application/json" };
      void fetch(`/v3/tickets/${ticketId}/viewing`, { method: "POST", headers, body: '{"viewing":false}', keepalive: true }).catch(() => {});
    };
    addEventListener("pagehide", leave);
    return () => {
      removeEventListener("pagehide", leave);
      leave();
    };
  }, [ticketId, project]);
}
