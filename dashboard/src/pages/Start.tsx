// From an empty project to its first session.
import { Alert, Button, Code, Group, Stack, Tabs, Text, Title } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";

import { api, data } from "../api/client";
import { useText } from "../i18n";
import { Ago } from "../shell/Ago";
import { Copyable, Failure, nameOf, PageTitle } from "../shell/parts";
import { useProject, useProjectId } from "../shell/project";
import { newKeys } from "./start/keys";
import { SNIPPETS } from "./start/snippets";

const LOOK_AGAIN_MS = 1500;

export function Start() {
  const { t } = useText();
  const projectId = useProjectId();
  const project = useProject();
  const made = newKeys(projectId);
  const { tab } = useSearch({ strict: false });
  const navigate = useNavigate();
  const platform = SNIPPETS.find(({ name }) => name === tab)?.name ?? "Web";
  if (!project) return null;
  const keys = { url: project.url, sdkKey: project.sdkKey, apiToken: made?.apiToken ?? "hark_at_…" };
  return (
    <Stack maw={860} gap="lg">
      <div>
        <PageTitle title={t("start.title")} />
        <Text className="quiet">{t("start.intro", { project: project.name })}</Text>
      </div>
      <Waiting projectId={projectId} />
      {made && (
        <Alert color="yellow" title={t("start.secretsTitle")}>
          <Text size="sm" mb="sm">
            {t("start.secretsHint")}
          </Text>
          {(["apiToken", "apiKey", "identitySecret"] as const).map((key) => (
            <div key={key} style={{ marginBottom: 8 }}>
              <Text size="xs" fw={600}>
                {t(`keys.${key}`)}
              </Text>
              <Copyable label={t(`keys.${key}`)} value={made[key]} />
            </div>
          ))}
        </Alert>
      )}
      <div className="panel" style={{ padding: 16 }}>
        <Tabs value={platform} keepMounted={false} onChange={(tab) => void navigate({ to: ".", search: { tab: tab ?? undefined }, replace: true })}>
          <Tabs.List mb="md">
            {SNIPPETS.map(({ name }) => (
              <Tabs.Tab value={name} key={name}>
                {name === "Server" ? t("start.server") : name}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          {SNIPPETS.map(({ name, install, code }) => (
            <Tabs.Panel value={name} key={name}>
              <Stack gap="sm">
                {install && <Copyable label={name} value={install} />}
                <Code block tabIndex={0} fz="sm">
                  {code(keys)}
                </Code>
                <Copyable label={t("keys.sdkKey")} value={keys.sdkKey} />
              </Stack>
            </Tabs.Panel>
          ))}
        </Tabs>
      </div>
    </Stack>
  );
}

function Waiting({ projectId }: { projectId: string }) {
  const { t } = useText();
  const first = useQuery({
    queryKey: ["sessions", projectId, "first"],
    queryFn: () => data(api.GET("/v3/sessions", { params: { header: { project: projectId }, query: { limit: 1, sort: "createdAt" } } })),
    refetchInterval: (query) => (Array.isArray(query.state.data) && query.state.data.length > 0 ? false : LOOK_AGAIN_MS),
  });
  if (first.error && !first.data) return <Failure error={first.error} retry={() => void first.refetch()} />;
  const session = Array.isArray(first.data) ? first.data[0] : undefined;
  return (
    <div className="panel" style={{ padding: 18, borderColor: session ? "#2b9a5c" : undefined }} role="status" data-testid={session ? "arrived" : "waiting"}>
      {session ? (
        <Group justify="space-between">
          <Group gap="md" wrap="nowrap">
            <IconCircleCheck size={30} color="#2b9a5c" aria-hidden />
            <div>
              <Title order={2} size="h4">
                {t("start.arrived")}
              </Title>
              <Text className="quiet" size="sm">
                <Ago at={session.lastActivity ?? session.createdAt} told={(when) => t("start.arrivedHint", { name: nameOf(session, t("sessions.guest")), when })} />
              </Text>
            </div>
          </Group>
          <Button renderRoot={(props) => <Link to="/p/$projectId/sessions/$sessionId" params={{ projectId, sessionId: session.id }} {...props} />}>{t("start.look")}</Button>
        </Group>
      ) : (
        <Group gap="md" wrap="nowrap">
          <span className="pulse" />
          <div>
            <Title order={2} size="h4">
              {t("start.waiting")}
            </Title>
            <Text className="quiet" size="sm">
              {t("start.waitingHint")}
            </Text>
          </div>
        </Group>
      )}
    </div>
  );
}
