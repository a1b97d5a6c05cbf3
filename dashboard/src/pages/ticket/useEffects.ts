// What becomes of a ticket when a message is sent that a template began: kept with the draft.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api } from "../../api/client";
import { useTell } from "../../shell/parts";
import { useProjectId } from "../../shell/project";
import type { Changes } from "../templates/actions";
import { draftOf, keepDraft } from "./drafts";

export function useEffects(ticketId: string, kind: string) {
  const project = useProjectId();
  const queries = useQueryClient();
  const tell = useTell();
  const place = `${kind}-effects`;
  const [changes, setChanges] = useState(() => (draftOf(ticketId, place) ?? {}) as Changes);
  const isEmpty = (changes: Changes) => Object.keys(changes).length === 0;
  const set = (changes: Changes) => {
    setChanges(changes);
    keepDraft(ticketId, place, isEmpty(changes) ? undefined : changes);
  };
  const update = useMutation({
    mutationFn: (changes: Changes) => api.PUT("/v3/tickets/{ticketId}", { params: { path: { ticketId }, header: { project } }, body: changes as never }),
    onError: tell.failed,
    onSettled: () => {
      void queries.invalidateQueries({ queryKey: ["ticket", project, ticketId] });
      for (const kind of ["tickets", "counts"]) void queries.invalidateQueries({ queryKey: [kind, project] });
    },
  });
  return {
    changes,
    add: (more: Changes) => set({ ...changes, ...more }),
    remove: (field: keyof Changes) => set(Object.fromEntries(Object.entries(changes).filter(([name]) => name !== field))),
    /** The message is sent: does them. */
    happen: () => {
      if (isEmpty(changes)) return;
      update.mutate(changes);
      set({});
    },
  };
}
