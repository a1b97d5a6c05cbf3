// Whether users must be proved, and a tester for the developer of a backend.
import { Alert, Button, Stack, Switch, Text, TextInput, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, data } from "../../api/client";
import { useText } from "../../i18n";
import { Failure, Loading, useTell } from "../../shell/parts";
import { useMay, useProjectId } from "../../shell/project";

export function Identity() {
  const { t } = useText();
  const projectId = useProjectId();
  const queries = useQueryClient();
  const tell = useTell();
  const may = useMay("project:write");
  const params = { path: { projectId }, header: { project: projectId } };
  const key = ["identity", projectId];
  const mode = useQuery({ queryKey: key, queryFn: () => data(api.GET("/v3/projects/{projectId}/identity-verification", { params })) });
  const set = useMutation({
    mutationFn: (required: boolean) => data(api.PUT("/v3/projects/{projectId}/identity-verification", { params, body: { mode: required ? "required" : "off" } })),
    onSuccess: (now) => queries.setQueryData(key, now),
    onError: tell.failed,
  });
  if (mode.error) return <Failure error={mode.error} retry={() => void mode.refetch()} />;
  if (!mode.data) return <Loading />;
  return (
    <Stack gap="xl">
      <Switch
        label={t("settings.verify")}
        description={t("settings.verifyHint")}
        checked={mode.data.mode === "required"}
        disabled={!may || set.isPending}
        onChange={(event) => set.mutate(event.currentTarget.checked)}
      />
      <Tester />
    </Stack>
  );
}

function Tester() {
  const { t } = useText();
  const projectId = useProjectId();
  const [userId, setUserId] = useState("");
  const [userHash, setUserHash] = useState("");
  const check = useMutation({
    mutationFn: () => {
      const params = { path: { projectId }, header: { project: projectId } };
      return data(api.POST("/v3/projects/{projectId}/identity-verification/check", { params, body: { userId, userHash } }));
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        check.mutate();
      }}
    >
      <Stack gap="sm" maw={520}>
        <div>
          <Title order={2} size="h5">
            {t("settings.tester")}
          </Title>
          <Text size="sm" className="quiet">
            {t("settings.testerHint")}
          </Text>
        </div>
        <TextInput label={t("settings.userId")} required value={userId} onChange={(event) => setUserId(event.currentTarget.value)} />
        <TextInput label={t("settings.userHash")} required value={userHash} onChange={(event) => setUserHash(event.currentTarget.value)} />
        <Button type="submit" loading={check.isPending} style={{ alignSelf: "start" }}>
          {t("settings.test")}
        </Button>
        {check.error && <Failure error={check.error} />}
        {check.data && (
          <Alert color={check.data.valid ? "green" : "red"} role="status" title={t(check.data.valid ? "settings.valid" : "settings.invalid")}>
            {check.data.reason}
          </Alert>
        )}
      </Stack>
    </form>
  );
}
