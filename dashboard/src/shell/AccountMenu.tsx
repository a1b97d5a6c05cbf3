import { ActionIcon, Menu, useMantineColorScheme } from "@mantine/core";
import { IconBook, IconCheck, IconDeviceDesktop, IconLogout, IconMoon, IconSun, IconUserCircle } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";

import { api, data } from "../api/client";
import { LANGUAGES, useText, type Language } from "../i18n";
import { flushDeletions } from "./deleting";
import { useTell } from "./parts";

const SCHEMES = [
  { scheme: "light", text: "nav.light", Icon: IconSun },
  { scheme: "dark", text: "nav.dark", Icon: IconMoon },
  { scheme: "auto", text: "nav.auto", Icon: IconDeviceDesktop },
] as const;

export function AccountMenu() {
  const { t, language, choose } = useText();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const tell = useTell();
  const me = useQuery({ queryKey: ["me"], queryFn: () => data(api.GET("/v3/users/me")), staleTime: 60_000 });
  const signOut = async () => {
    try {
      await flushDeletions();
      await api.DELETE("/v3/users/me/sign-ins/{signInId}", { params: { path: { signInId: "current" } } });
      await api.DELETE("/v3/auth/cookie");
    } catch (error) {
      return tell.failed(error);
    }
    queries.clear();
    void navigate({ to: "/sign-in" });
  };
  const signOutElsewhere = async () => {
    try {
      await api.DELETE("/v3/users/me/sign-ins");
      tell.done(t("nav.signedOutElsewhere"));
    } catch (error) {
      tell.failed(error);
    }
  };
  return (
    <Menu position="bottom-end" width={230}>
      <Menu.Target>
        <ActionIcon variant="subtle" size="lg" aria-label={t("nav.account")}>
          <IconUserCircle stroke={1.6} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{me.data?.email ?? me.data?.firstName ?? ""}</Menu.Label>
        {SCHEMES.map(({ scheme, text, Icon }) => (
          <Menu.Item
            key={scheme}
            leftSection={<Icon size={16} aria-hidden />}
            rightSection={colorScheme === scheme && <IconCheck size={14} aria-hidden />}
            onClick={() => setColorScheme(scheme)}
          >
            {t(text)}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Label>{t("nav.language")}</Menu.Label>
        {Object.entries(LANGUAGES).map(([key, name]) => (
          <Menu.Item key={key} lang={key} rightSection={language === key && <IconCheck size={14} aria-hidden />} onClick={() => choose(key as Language)}>
            {name}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item component="a" href="/docs/" leftSection={<IconBook size={16} aria-hidden />}>
          {t("nav.docs")}
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={() => void signOutElsewhere()}>
          {t("nav.signOutEverywhere")}
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={() => void signOut()}>
          {t("nav.signOut")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
