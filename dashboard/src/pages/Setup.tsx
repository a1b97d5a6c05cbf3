// The first start of an empty server.
import { Anchor, Button, Group, Image, PasswordInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import { api, data } from "../api/client";
import { useText } from "../i18n";
import { Failure } from "../shell/parts";
import { useTitle } from "../shell/title";
import { keepNewKeys } from "./start/keys";

export function Setup() {
  const { t } = useText();
  useTitle(t("setup.title"));
  const navigate = useNavigate();
  const queries = useQueryClient();
  const state = useQuery({ queryKey: ["setup"], queryFn: () => data(api.GET("/v3/setup")) });
  const [form, setForm] = useState({ organisation: "", project: "", email: "", password: "" });
  const setUp = useMutation({
    mutationFn: async () => {
      const made = await data(api.POST("/v3/setup", { body: form }));
      await api.POST("/v3/auth/cookie", { body: { email: form.email, password: form.password } });
      return made;
    },
    onSuccess: (made) => {
      keepNewKeys(made);
      queries.clear();
      void navigate({ to: "/p/$projectId/start", params: { projectId: made.projectId } });
    },
  });
  const field = (name: keyof typeof form) => ({
    value: form[name],
    required: true,
    onChange: (event: { currentTarget: { value: string } }) => {
      const { value } = event.currentTarget;
      setForm((before) => ({ ...before, [name]: value }));
    },
  });
  return (
    <main className="welcome">
      <form
        className="panel"
        style={{ width: "min(460px, 100%)", padding: 28 }}
        onSubmit={(event) => {
          event.preventDefault();
          setUp.mutate();
        }}
      >
        <Stack>
          <Group gap="sm" wrap="nowrap" align="flex-start">
            <Image src="/static/hark.svg" w={40} h={40} alt="" />
            <div>
              <Title order={1} size="h3">
                {t("setup.title")}
              </Title>
              <Text className="quiet" size="sm">
                {t("setup.intro")}
              </Text>
            </div>
          </Group>
          {state.data?.done && !setUp.isPending ? (
            <Text>
              {t("setup.done")} <Anchor renderRoot={(props) => <Link to="/sign-in" {...props} />}>{t("signIn.title")}</Anchor>
            </Text>
          ) : (
            <>
              <TextInput label={t("setup.organisation")} maxLength={100} autoFocus {...field("organisation")} />
              <TextInput label={t("setup.project")} maxLength={100} {...field("project")} />
              <TextInput label={t("setup.email")} type="email" autoComplete="username" {...field("email")} />
              <PasswordInput label={t("setup.password")} description={t("setup.passwordHint")} minLength={10} autoComplete="new-password" {...field("password")} />
              {setUp.error && <Failure error={setUp.error} />}
              <Button type="submit" loading={setUp.isPending} fullWidth>
                {t("setup.submit")}
              </Button>
            </>
          )}
        </Stack>
      </form>
    </main>
  );
}
