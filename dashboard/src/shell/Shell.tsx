// What is around every page of a project.
import { AppShell, Burger, Group, NavLink, Select, Stack, Text, Image, Alert } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconBulb, IconDashboard, IconFileImport, IconInbox, IconSettings, IconUsers } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useLocation, useNavigate } from "@tanstack/react-router";
import { Fragment, lazy, Suspense, useEffect } from "react";

import { OfflineError } from "../api/client";
import { useText, type Key } from "../i18n";
import { DeletingBar } from "./deleting";
import { AccountMenu } from "./AccountMenu";
import { Find } from "./Find";
import { Live } from "./Live";
import { useOnline } from "./online";
import { part } from "./part";
import { Failure, Loading } from "./parts";
import { projectsQuery, rememberProject, useProjectId } from "./project";
import { ShortcutsSheet, useShortcuts } from "./shortcuts";

const Views = lazy(() => part(() => import("../pages/inbox/Views")).then(({ Views }) => ({ default: Views })));

const PAGES = [
  { to: "/p/$projectId/overview", text: "nav.overview", Icon: IconDashboard },
  { to: "/p/$projectId/sessions", text: "nav.sessions", Icon: IconUsers },
  { to: "/p/$projectId/tickets", text: "nav.tickets", Icon: IconInbox },
  { to: "/p/$projectId/imports", text: "nav.imports", Icon: IconFileImport },
  { to: "/p/$projectId/settings", text: "nav.settings", Icon: IconSettings },
  { to: "/p/$projectId/start", text: "nav.start", Icon: IconBulb },
] as const satisfies readonly { to: string; text: Key; Icon: typeof IconUsers }[];

export function Shell() {
  const { t } = useText();
  const [opened, { toggle, close }] = useDisclosure();
  const projectId = useProjectId();
  const path = useLocation({ select: (location) => location.pathname });
  const projects = useQuery(projectsQuery);
  const online = useOnline();
  useEffect(() => rememberProject(projectId), [projectId]);
  useEffect(close, [path, close]);
  const [helping, help] = useDisclosure();
  useShortcuts({ "?": help.open });
  if (projects.error && !(projects.error instanceof OfflineError && projects.data)) {
    return <Failure error={projects.error} retry={() => void projects.refetch()} />;
  }
  if (!projects.data) return <Loading />;
  return (
    <Live projectId={projectId} key={projectId}>
      <AppShell header={{ height: 56 }} navbar={{ width: 232, breakpoint: "sm", collapsed: { mobile: !opened } }} padding="lg">
      <a href="#content" className="skip">
        {t("app.skip")}
      </a>
      <AppShell.Header className="nav">
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger opened={opened} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={t("nav.open")} />
            <Image src="/static/hark.svg" w={28} h={28} alt="" />
            <Text fw={700} size="lg" visibleFrom="xs">
              Hark
            </Text>
          </Group>
          <Group gap="sm" wrap="nowrap">
            <Find />
            <AccountMenu />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="sm" className="nav" aria-label={t("nav.main")}>
        <ProjectSwitcher projects={projects.data} current={projectId} />
        <Stack gap={2} mt="md">
          {PAGES.map(({ to, text, Icon }) => {
            const isActive = path.startsWith(to.replace("$projectId", projectId));
            return (
              <Fragment key={to}>
                <NavLink
                  renderRoot={(props) => <Link to={to} params={{ projectId }} aria-current={isActive ? "page" : undefined} {...props} />}
                  label={t(text)}
                  leftSection={<Icon size={18} stroke={1.7} aria-hidden />}
                  active={isActive}
                  style={{ borderRadius: 8 }}
                />
                {isActive && text === "nav.tickets" && (
                  <Suspense>
                    <Views />
                  </Suspense>
                )}
              </Fragment>
            );
          })}
        </Stack>
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1} style={{ outline: "none" }}>
        {!online && (
          <Alert color="yellow" mb="md" role="status">
            {t("app.offline")}
          </Alert>
        )}
        <Outlet />
      </AppShell.Main>
      <DeletingBar />
      {helping && <ShortcutsSheet close={help.close} />}
    </AppShell>
    </Live>
  );
}

function ProjectSwitcher({ projects, current }: { projects: { id: string; name: string }[]; current: string }) {
  const { t } = useText();
  const navigate = useNavigate();
  return (
    <Select
      aria-label={t("nav.project")}
      data={projects.map(({ id, name }) => ({ value: id, label: name }))}
      value={current}
      allowDeselect={false}
      searchable={projects.length > 8}
      onChange={(projectId) => projectId && void navigate({ to: "/p/$projectId/overview", params: { projectId } })}
    />
  );
}
