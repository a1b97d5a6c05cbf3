import { Button, Group, Image, PasswordInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter, useSearch } from "@tanstack/react-router";
import { useState } from "react";

import { api, data } from "../api/client";
import { useText } from "../i18n";
import { Failure } from "../shell/parts";
import { useTitle } from "../shell/title";

export function SignIn() {
  const { t } = useText();
  useTitle(t("signIn.title"));
  const router = useRouter();
  const queries = useQueryClient();
  const { to } = useSearch({ strict: false });
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const signIn = useMutation({
    mutationFn: () => data(api.POST("/v3/auth/cookie", { body: { email, password } })),
    onSuccess: () => {
      queries.clear();
      // Only pages of the dashboard: an address may come from anybody.
      router.history.push(to && /^\/p\/[^/\\]/.test(to) ? to : "/");
    },
  });
  return (
    <main className="welcome">
      <form
        className="panel"
        style={{ width: "min(400px, 100%)", padding: 28 }}
        onSubmit={(event) => {
          event.preventDefault();
          signIn.mutate();
        }}
      >
        <Stack>
          <Group gap="sm">
            <Image src="/static/hark.svg" w={40} h={40} alt="" />
            <div>
              <Title order={1} size="h3">
                {t("signIn.title")}
              </Title>
              <Text className="quiet" size="sm">
                {t("signIn.intro")}
              </Text>
            </div>
          </Group>
          <TextInput label={t("signIn.email")} type="email" autoComplete="username" required autoFocus value={email} onChange={(event) => setEmail(event.currentTarget.value)} />
          <PasswordInput label={t("signIn.password")} autoComplete="current-password" required value={password} onChange={(event) => setPassword(event.currentTarget.value)} />
          {signIn.error && <Failure error={signIn.error} />}
          <Button type="submit" loading={signIn.isPending} fullWidth>
            {t("signIn.submit")}
          </Button>
        </Stack>
      </form>
    </main>
  );
}
