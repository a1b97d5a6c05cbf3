// Keys and tokens. A secret is shown when it is made, and never again.
import { Alert, Button, Group, Modal, NumberInput, Select, Stack, Table, Text, TextInput, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, data, type Schemas } from "../../api/client";
import { useText, type Key } from "../../i18n";
import { Ago } from "../../shell/Ago";
import { Confirm } from "../../shell/Confirm";
import { Copyable, Failure, useTell } from "../../shell/parts";
import { useMay, useProject, useProjectId } from "../../shell/project";

const ROLES = ["owner", "admin", "agent", "viewer"] as const;

export function Keys() {
  const { t } = useText();
  const project = useProject();
  const projectId = useProjectId();
  const params = { path: { projectId }, header: { project: projectId } };
  if (!project) return null;
  return (
    <Stack gap="xl">
      <Shown title={t("settings.projectId")} hint={t("settings.projectIdHint")} value={projectId} />
      <Shown title={t("keys.sdkKey")} hint={t("settings.sdkKeyHint")} value={project.sdkKey} />
      <Secret
        name="keys.apiToken"
        hint="settings.apiTokenHint"
        make={async () => (await data(api.POST("/v3/projects/{projectId}/api-token", { params }))).secret}
      />
      <Secret
        name="keys.identitySecret"
        hint="settings.identitySecretHint"
        make={async () => (await data(api.POST("/v3/projects/{projectId}/identity-secret", { params }))).secret}
      />
      <ApiKeys />
    </Stack>
  );
}

function Shown({ title, hint, value }: { title: string; hint: string; value: string }) {
  return (
    <section>
      <Title order={2} size="h5">
        {title}
      </Title>
      <Text size="sm" className="quiet" mb={6}>
        {hint}
      </Text>
      <Copyable label={title} value={value} />
    </section>
  );
}

function Secret({ name, hint, make }: { name: Key; hint: Key; make: () => Promise<string> }) {
  const { t } = useText();
  const may = useMay("project:write");
  const made = useMutation({ mutationFn: make, gcTime: 0 });
  return (
    <section>
      <Title order={2} size="h5">
        {t(name)}
      </Title>
      <Text size="sm" className="quiet" mb={6}>
        {t(hint)}
      </Text>
      {made.data && <Once label={t(name)} value={made.data} />}
      {made.error && <Failure error={made.error} />}
      {may && !made.data && (
        <Button size="xs" variant="default" loading={made.isPending} onClick={() => made.mutate()}>
          {t("settings.makeNew")}
        </Button>
      )}
    </section>
  );
}

function Once({ label, value }: { label: string; value: string }) {
  const { t } = useText();
  return (
    <Alert color="yellow" title={t("settings.shownOnce")} mb="xs">
      <Copyable label={label} value={value} />
    </Alert>
  );
}

function ApiKeys() {
  const { t, day } = useText();
  const projectId = useProjectId();
  const queries = useQueryClient();
  const tell = useTell();
  const may = useMay("project:write");
  const path = { projectId };
  const header = { project: projectId };
  const keys = useQuery({ queryKey: ["api-keys", projectId], queryFn: () => data(api.GET("/v3/projects/{projectId}/api-keys", { params: { path, header } })) });
  const refresh = () => void queries.invalidateQueries({ queryKey: ["api-keys", projectId] });
  const [creating, create] = useDisclosure();
  const [made, setMade] = useState<string>();
  const [ending, setEnding] = useState<Schemas["ApiKeyBody"]>();
  const revoke = async (keyId: string) => {
    setEnding(undefined);
    try {
      await api.DELETE("/v3/projects/{projectId}/api-keys/{keyId}", { params: { path: { ...path, keyId }, header } });
      refresh();
    } catch (error) {
      tell.failed(error);
    }
  };
  return (
    <section>
      <Group justify="space-between" mb="xs">
        <div>
          <Title order={2} size="h5">
            {t("settings.apiKeys")}
          </Title>
          <Text size="sm" className="quiet">
            {t("settings.apiKeysHint")}
          </Text>
        </div>
        {may && (
          <Button size="xs" onClick={create.open}>
            {t("settings.newKey")}
          </Button>
        )}
      </Group>
      {made && <Once label={t("keys.apiKey")} value={made} />}
      {keys.error && <Failure error={keys.error} retry={() => void keys.refetch()} />}
      {keys.data?.length === 0 && <Text className="quiet">{t("settings.noKeys")}</Text>}
      <Table>
        <Table.Tbody>
          {keys.data?.map((key) => (
            <Table.Tr key={key.id}>
              <Table.Td>
                <Text size="sm" fw={550} className="wrap">
                  {key.name}
                </Text>
                <Text size="xs" className="quiet">
                  {t("settings.made", { when: day(key.createdAt) })}
                  {key.expiresAt && ` · ${t("settings.expires", { when: day(key.expiresAt) })}`}
                </Text>
              </Table.Td>
              <Table.Td ta="right">
                {key.revokedAt ? (
                  <Text size="xs" className="quiet">
                    <Ago at={key.revokedAt} told={(when) => t("settings.revoked", { when })} />
                  </Text>
                ) : (
                  may && (
                    <Button size="compact-sm" variant="light" color="red" onClick={() => setEnding(key)}>
                      {t("settings.revoke")}
                    </Button>
                  )
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {creating && (
        <NewKey
          close={create.close}
          made={(token) => {
            setMade(token);
            create.close();
            refresh();
          }}
        />
      )}
      <Confirm
        opened={ending !== undefined}
        title={t("settings.revokeTitle", { name: ending?.name ?? "" })}
        action={t("settings.revoke")}
        confirm={() => ending && void revoke(ending.id)}
        close={() => setEnding(undefined)}
      >
        {t("settings.revokeHint")}
      </Confirm>
    </section>
  );
}

function NewKey({ close, made }: { close: () => void; made: (token: string) => void }) {
  const { t } = useText();
  const projectId = useProjectId();
  const own = useProject()?.role ?? "viewer";
  const [name, setName] = useState("");
  const [role, setRole] = useState<Schemas["Role"]>("viewer");
  const [days, setDays] = useState<number | string>("");
  const create = useMutation({
    mutationFn: () => {
      const body = { name, role, ...(days !== "" && { expiresDays: Number(days) }) };
      return data(api.POST("/v3/projects/{projectId}/api-keys", { params: { path: { projectId }, header: { project: projectId } }, body }));
    },
    onSuccess: ({ token }) => made(token),
    gcTime: 0,
  });
  return (
    <Modal opened onClose={close} title={t("settings.newKey")} closeButtonProps={{ "aria-label": t("app.close") }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate();
        }}
      >
        <Stack>
          <TextInput label={t("settings.keyName")} required maxLength={100} data-autofocus value={name} onChange={(event) => setName(event.currentTarget.value)} />
          <Select
            label={t("settings.keyRole")}
            data={ROLES.slice(ROLES.indexOf(own)).map((role) => ({ value: role, label: t(`role.${role}`) }))}
            value={role}
            allowDeselect={false}
            onChange={(chosen) => chosen && setRole(chosen as Schemas["Role"])}
          />
          <NumberInput label={t("settings.keyDays")} min={1} max={3650} allowDecimal={false} value={days} onChange={setDays} />
          {create.error && <Failure error={create.error} />}
          <Group justify="flex-end">
            <Button type="submit" loading={create.isPending}>
              {t("settings.newKey")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
