// Where the link of an invitation leads. Its secret stands behind the #, which browsers send to nobody.
import { Button, Group, Image, PasswordInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import { api, data } from "../api/client";
import { useText } from "../i18n";
import { Failure, Loading } from "../shell/parts";
import { useTitle } from "../shell/title";

export function Invitation() {
  const { t } = useText();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const token = window.location.hash.slice(1);
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const offer = useQuery({
    queryKey: ["invitation", token],
    queryFn: () => data(api.POST("/v3/invitations/look", { body: { token } })),
    retry: false,
  });
  useTitle(offer.data && t("invitation.title", { name: offer.data.name }));
  const accept = useMutation({
    mutationFn: async () => {
      if (!offer.data) return;
      const { id, email, hasAccount } = offer.data;
      if (!hasAccount) await data(api.POST("/v3/invitations/accept", { body: { token, name, password } }));
      await data(api.POST("/v3/auth/cookie", { body: { email, password } }));
      if (hasAccount) await data(api.PUT("/v3/invitations/{invitationId}", { params: { path: { invitationId: id } }, body: { accept: true } }));
    },
    onSuccess: () => {
      queries.clear();
      void navigate({ to: "/", replace: true });
    },
  });
  if (offer.isPending) return <Loading />;
  return (
    <main className="welcome">
      <form
        className="panel"
        style={{ width: "min(460px, 100%)", padding: 28 }}
        onSubmit={(event) => {
          event.preventDefault();
          accept.mutate();
        }}
      >
        {offer.data ? (
          <Stack>
            <Group gap="sm" wrap="nowrap" align="flex-start">
              <Image src="/static/hark.svg" w={40} h={40} alt="" />
              <div>
                <Title order={1} size="h3">
                  {t("invitation.title", { name: offer.data.name })}
                </Title>
                <Text className="quiet" size="sm">
                  {t("invitation.as", { role: t(`role.${offer.data.role}`), email: offer.data.email })}
                </Text>
              </div>
            </Group>
            <Text size="sm">{t(offer.data.hasAccount ? "invitation.known" : "invitation.new")}</Text>
            {!offer.data.hasAccount && (
              <TextInput label={t("invitation.name")} autoComplete="name" required autoFocus maxLength={200} value={name} onChange={(event) => setName(event.currentTarget.value)} />
            )}
            <PasswordInput
              label={t("signIn.password")}
              autoComplete={offer.data.hasAccount ? "current-password" : "new-password"}
              required
              value={password}
              onChange={(event) => setPassword(event.currentTarget.value)}
            />
            {accept.error && <Failure error={accept.error} />}
            <Button type="submit" loading={accept.isPending} fullWidth>
              {t("invitation.accept")}
            </Button>
          </Stack>
        ) : (
          <Failure error={offer.error} />
        )}
      </form>
    </main>
  );
}
