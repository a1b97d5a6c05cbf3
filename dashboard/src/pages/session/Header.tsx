import { ActionIcon, Badge, Group, Menu, Stack, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconDots, IconDownload, IconGitMerge, IconTrash } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";

import { download, type Session } from "../../api/client";
import { useText } from "../../i18n";
import { Ago } from "../../shell/Ago";
import { Confirm } from "../../shell/Confirm";
import { useDelete } from "../../shell/deleting";
import { Copyable, Face, nameOf, useTell } from "../../shell/parts";
import { useMay, useProjectId } from "../../shell/project";
import { useTitle } from "../../shell/title";
import { placeOf } from "../sessions/columns";
import { MergeDialog } from "./MergeDialog";
import { updateSession, useRefresh } from "./query";
import { Tags } from "./Tags";

export function Header({ session, isOnline }: { session: Session; isOnline: boolean }) {
  const { t, number } = useText();
  const name = nameOf(session, t("sessions.guest"));
  useTitle(name);
  const facts = [session.companyName, placeOf(session), [session.deviceType, session.platform].filter(Boolean).join(", ")];
  return (
    <section className="panel" style={{ padding: 18, marginBottom: 16 }} aria-label={name}>
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <Face name={name} size={54} />
        <Actions session={session} name={name} />
      </Group>
      <Title order={1} size="h3" mt="sm" className="wrap">
        {name}
      </Title>
      {facts.filter(Boolean).map((fact) => (
        <Text key={fact} size="sm" className="quiet wrap">
          {fact}
        </Text>
      ))}
      <Group gap={6} mt="xs">
        {isOnline ? (
          <Badge color="green" variant="light" tt="none" leftSection="●">
            {t("session.online")}
          </Badge>
        ) : (
          session.lastActivity && (
            <Text size="sm" className="quiet">
              <Ago at={session.lastActivity} told={(when) => t("session.seen", { when })} />
            </Text>
          )
        )}
        {!session.userId && (
          <Badge variant="default" tt="none">
            {t("sessions.guest")}
          </Badge>
        )}
        {session.plan && (
          <Badge variant="light" tt="none">
            {session.plan}
          </Badge>
        )}
        {session.value !== 0 && (
          <Badge variant="default" tt="none">
            {t("field.value")}: {number(session.value)}
          </Badge>
        )}
        {session.blocked && (
          <Badge color="red" variant="light" tt="none">
            {t("sessions.blocked")}
          </Badge>
        )}
        {session.unsubscribed && (
          <Badge color="yellow" variant="light" tt="none">
            {t("sessions.unsubscribed")}
          </Badge>
        )}
      </Group>
      <Stack gap="xs" mt="md">
        {session.userId && <Copyable label={t("field.userId")} value={session.userId} />}
        <Tags session={session} />
      </Stack>
    </section>
  );
}

function Actions({ session, name }: { session: Session; name: string }) {
  const { t } = useText();
  const projectId = useProjectId();
  const navigate = useNavigate();
  const refresh = useRefresh(projectId, session.id);
  const tell = useTell();
  const may = useMay("sessions:write");
  const [merging, merge] = useDisclosure();
  const [deleting, ask] = useDisclosure();
  const attempt = async (work: Promise<unknown>) => {
    try {
      await work;
      refresh();
    } catch (error) {
      tell.failed(error);
    }
  };
  const change = (body: object) => void attempt(updateSession(projectId, session.id, body));
  const later = useDelete(projectId);
  const erase = () => {
    later([session.id]);
    void navigate({ to: "/p/$projectId/sessions", params: { projectId } });
  };
  return (
    <>
      <Menu position="bottom-end" width={250}>
        <Menu.Target>
          <ActionIcon variant="default" size="lg" aria-label={t("session.actions")}>
            <IconDots size={18} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item
            leftSection={<IconDownload size={16} aria-hidden />}
            onClick={() => void attempt(download(`/v3/sessions/${session.id}/data`, projectId, `session-${session.id}.zip`))}
          >
            {t("session.download")}
          </Menu.Item>
          {may && (
            <>
              <Menu.Item leftSection={<IconGitMerge size={16} aria-hidden />} onClick={merge.open}>
                {t("session.merge")}
              </Menu.Item>
              <Menu.Item onClick={() => change({ blocked: !session.blocked })}>{t(session.blocked ? "sessions.unblock" : "sessions.block")}</Menu.Item>
              {!session.unsubscribed && <Menu.Item onClick={() => change({ unsubscribed: true })}>{t("sessions.unsubscribe")}</Menu.Item>}
              <Menu.Divider />
              <Menu.Item className="fault" leftSection={<IconTrash size={16} aria-hidden />} onClick={ask.open}>
                {t("sessions.delete")}
              </Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
      {merging && <MergeDialog session={session} close={merge.close} />}
      <Confirm opened={deleting} title={t("sessions.deleteOneTitle")} action={t("sessions.delete")} confirm={erase} close={ask.close}>
        <Text fw={600} className="wrap">
          {name}
        </Text>
        {t("sessions.deleteHint")}
      </Confirm>
    </>
  );
}
