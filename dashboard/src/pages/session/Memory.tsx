import { ActionIcon, Button, Group, Stack, Text, Textarea, TextInput, Title } from "@mantine/core";
import { IconNotes, IconTrash } from "@tabler/icons-react";
import { useState } from "react";

import { api, data, type Session } from "../../api/client";
import { useText } from "../../i18n";
import { Ago } from "../../shell/Ago";
import { Empty, useTell } from "../../shell/parts";
import { useMay, useProjectId } from "../../shell/project";
import { useRefresh } from "./query";

export function Memory({ session }: { session: Session }) {
  const { t } = useText();
  const projectId = useProjectId();
  const refresh = useRefresh(projectId, session.id);
  const tell = useTell();
  const may = useMay("sessions:write");
  const [name, setName] = useState("");
  const [content, setContent] = useState("");
  const header = { project: projectId };
  if (!session.userId) {
    return (
      <Empty icon={<IconNotes aria-hidden />} title={t("session.noMemory")}>
        {t("session.memoryUsersOnly")}
      </Empty>
    );
  }
  /** Says whether it was written: refusals come as an answer. */
  const attempt = async (work: Promise<{ ok?: boolean; reason?: string | undefined }>) => {
    try {
      const { ok, reason } = await work;
      if (ok === false) tell.failed(new Error(reason));
      refresh();
      return ok !== false;
    } catch (error) {
      tell.failed(error);
      return false;
    }
  };
  const add = async () => {
    const params = { path: { sessionId: session.id }, header };
    const isAdded = await attempt(data(api.POST("/v3/sessions/{sessionId}/memory", { params, body: { name, content } })));
    if (!isAdded) return;
    setName("");
    setContent("");
  };
  const remove = (entryName: string) => {
    const params = { path: { sessionId: session.id, entryName }, header };
    void attempt(data(api.DELETE("/v3/sessions/{sessionId}/memory/{entryName}", { params })));
  };
  return (
    <Stack>
      {session.memory.length === 0 && (
        <Empty icon={<IconNotes aria-hidden />} title={t("session.noMemory")}>
          {t("session.noMemoryHint")}
        </Empty>
      )}
      {session.memory.map((entry) => (
        <article key={entry.name} style={{ borderBottom: "1px solid var(--line)", paddingBottom: 12 }}>
          <Group justify="space-between" wrap="nowrap">
            <Title order={3} size="sm" className="wrap">
              {entry.name}
            </Title>
            {may && (
              <ActionIcon variant="subtle" color="red" aria-label={`${t("app.delete")}: ${entry.name}`} onClick={() => remove(entry.name)}>
                <IconTrash size={16} />
              </ActionIcon>
            )}
          </Group>
          <Text size="sm" className="wrap" style={{ whiteSpace: "pre-wrap" }}>
            {entry.content}
          </Text>
          <Text size="xs" className="quiet">
            {entry.updatedAt && <Ago at={entry.updatedAt} />}
          </Text>
        </article>
      ))}
      {may && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void add();
          }}
        >
          <Stack gap="xs">
            <TextInput label={t("session.memoryName")} required maxLength={100} value={name} onChange={(event) => setName(event.currentTarget.value)} />
            <Textarea label={t("session.memoryContent")} required autosize minRows={2} value={content} onChange={(event) => setContent(event.currentTarget.value)} />
            <Button type="submit" style={{ alignSelf: "start" }}>
              {t("session.addMemory")}
            </Button>
          </Stack>
        </form>
      )}
    </Stack>
  );
}
