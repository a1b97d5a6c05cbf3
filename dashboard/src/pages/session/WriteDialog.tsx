// The first message of a conversation that the team begins.
import { Textarea, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import { api, data, type Session } from "../../api/client";
import { useText } from "../../i18n";
import { FormDialog } from "../../shell/FormDialog";
import { useTell } from "../../shell/parts";
import { useProjectId } from "../../shell/project";

const TITLE_CHARS_MAX = 500;

export function WriteDialog({ session, close }: { session: Session; close: () => void }) {
  const { t } = useText();
  const projectId = useProjectId();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const tell = useTell();
  const [title, setTitle] = useState("");
  const [message, setMessage] = useState("");
  const write = useMutation({
    mutationFn: () => {
      const body = { title: title.trim(), message: message.trim(), type: "INQUIRY", session: session.id };
      return data(api.POST("/v3/tickets/compose", { params: { header: { project: projectId } }, body }));
    },
    onSuccess: (ticket) => {
      void queries.invalidateQueries({ queryKey: ["tickets", projectId] });
      void navigate({ to: "/p/$projectId/tickets/$ticketId", params: { projectId, ticketId: ticket.id } });
    },
    // What was written stays.
    onError: tell.failed,
  });
  const isReady = title.trim() !== "" && message.trim() !== "";
  return (
    <FormDialog title={t("session.write")} action={t("message.send")} isReady={isReady} isSaving={write.isPending} save={() => write.mutate()} close={close}>
      <TextInput data-autofocus required label={t("session.writeTitle")} maxLength={TITLE_CHARS_MAX} value={title} onChange={(event) => setTitle(event.currentTarget.value)} />
      <Textarea required autosize minRows={4} label={t("session.writeMessage")} description={t("session.writeHint")} value={message} onChange={(event) => setMessage(event.currentTarget.value)} />
    </FormDialog>
  );
}
