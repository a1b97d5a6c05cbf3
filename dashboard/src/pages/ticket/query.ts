// One ticket, and what is done to it.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, ApiError, type Ticket } from "../../api/client";
import { useText } from "../../i18n";
import { useTell } from "../../shell/parts";
import { useProjectId } from "../../shell/project";

export interface Versioned {
  ticket: Ticket;
  /** The version that was read: a change names it, so that it overwrites nobody's. */
  etag: string;
}

export async function readTicket(project: string, ticketId: string): Promise<Versioned> {
  const { data, response } = await api.GET("/v3/tickets/{ticketId}", { params: { path: { ticketId }, header: { project } }, cache: "no-store" });
  return { ticket: data as Ticket, etag: response.headers.get("etag") ?? "" };
}

export function useTicket(ticketId: string) {
  const project = useProjectId();
  return useQuery({ queryKey: ["ticket", project, ticketId], queryFn: () => readTicket(project, ticketId) });
}

/** A ticket in a line. */
export function summaryOf({ title, formData, type }: Pick<Ticket, "title" | "formData" | "type">): string {
  const description = formData?.["description"];
  return title || (typeof description === "string" && description) || type;
}

/** A change of one field. */
export interface Change {
  field: keyof Ticket;
  value: unknown;
  /** The version that was shown when the change was thought of. */
  base: Versioned;
}

/** What a field says: of a member the id. */
const told = (value: unknown) => JSON.stringify((value as { id?: string } | undefined)?.id ?? value);

/** Somebody else changed the same field. */
class Overtaken extends Error {}

/**
 * Changes a ticket. What somebody else set meanwhile is never overwritten unseen: of the same field it is shown, and nothing is saved; of another field
 * both changes are kept.
 */
export function useChange() {
  const { t } = useText();
  const tell = useTell();
  const project = useProjectId();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async ({ field, value, base }: Change) => {
      const params = { path: { ticketId: base.ticket.id }, header: { project } };
      for (let from = base; ; ) {
        try {
          await api.PUT("/v3/tickets/{ticketId}", { params, body: { [field]: value } as never, headers: { "If-Match": from.etag } });
          return;
        } catch (error) {
          if (!(error instanceof ApiError) || error.status !== 412) throw error;
        }
        from = await readTicket(project, base.ticket.id);
        const now = told(from.ticket[field]);
        // It says so already, whoever was quicker.
        if (now === told(value ?? undefined)) return;
        if (now !== told(base.ticket[field])) throw new Overtaken(t("ticket.conflict"));
      }
    },
    onSuccess: () => tell.done(t("session.saved")),
    onError: tell.failed,
    onSettled: (_, __, { base }) => {
      void queries.invalidateQueries({ queryKey: ["ticket", project, base.ticket.id] });
      void queries.invalidateQueries({ queryKey: ["tickets", project] });
      void queries.invalidateQueries({ queryKey: ["counts", project] });
    },
  });
}
