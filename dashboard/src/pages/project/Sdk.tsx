// What client SDKs are told, with a picture of what it looks like.
import { Button, ColorInput, Group, Stack, Switch, Text, TextInput, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, data, type Schemas } from "../../api/client";
import { useText } from "../../i18n";
import { Failure, Loading, useTell } from "../../shell/parts";
import { useMay, useProjectId } from "../../shell/project";

type Config = Schemas["FlowConfig"];

const COLORS = ["color", "buttonColor", "backgroundColor", "headerColor"] as const;
const SWITCHES = ["hideForGuests", "enableNetworkLogs", "enableConsoleLogs", "enableReplays"] as const;

export function Sdk() {
  const projectId = useProjectId();
  const params = { path: { projectId }, header: { project: projectId } };
  const config = useQuery({ queryKey: ["sdk-config", projectId], queryFn: () => data(api.GET("/v3/projects/{projectId}/sdk-config", { params })) });
  if (config.error) return <Failure error={config.error} retry={() => void config.refetch()} />;
  if (!config.data) return <Loading />;
  return <Form config={config.data} />;
}

function Form({ config }: { config: Config }) {
  const { t } = useText();
  const projectId = useProjectId();
  const queries = useQueryClient();
  const tell = useTell();
  const may = useMay("project:write");
  const [changed, setChanged] = useState<Partial<Config>>({});
  const now = { ...config, ...changed };
  const change = (part: Partial<Config>) => setChanged((before) => ({ ...before, ...part }));
  const save = useMutation({
    mutationFn: () => {
      const params = { path: { projectId }, header: { project: projectId } };
      return data(api.PUT("/v3/projects/{projectId}/sdk-config", { params, body: changed as never }));
    },
    onSuccess: (saved) => {
      queries.setQueryData(["sdk-config", projectId], saved);
      setChanged({});
      tell.done(t("session.saved"));
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Text size="sm" className="quiet" mb="md">
        {t(may ? "settings.sdkHint" : "settings.noRight")}
      </Text>
      <Group align="flex-start" gap="xl">
        <Stack gap="sm" style={{ flex: "1 1 300px" }}>
          {COLORS.map((name) => (
            <ColorInput key={name} label={t(`settings.${name}`)} disabled={!may} format="hex" eyeDropperButtonProps={{ "aria-label": t(`settings.${name}`) }} withEyeDropper={false} value={now[name] ?? ""} onChange={(value) => change({ [name]: value })} />
          ))}
          <TextInput label={t("settings.widgetButtonText")} disabled={!may} value={now.widgetButtonText ?? ""} onChange={(event) => change({ widgetButtonText: event.currentTarget.value })} />
          {SWITCHES.map((name) => (
            <Switch key={name} label={t(`settings.${name}`)} disabled={!may} checked={now[name] ?? false} onChange={(event) => change({ [name]: event.currentTarget.checked })} />
          ))}
          {save.error && <Failure error={save.error} />}
          {may && (
            <Button type="submit" loading={save.isPending} disabled={Object.keys(changed).length === 0} style={{ alignSelf: "start" }}>
              {t("app.save")}
            </Button>
          )}
        </Stack>
        <Preview config={now} />
      </Group>
    </form>
  );
}

/** As many signs of the button's text as its picture has room for. */
const LABEL_CHARS = 18;
/** What is not set is blue. */
const UNSET = "#485bff";

/** Black or white, whichever can be read on a colour such as `#0b7a75`. */
function readableOn(color: string): string {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16) || 0);
  return red * 0.299 + green * 0.587 + blue * 0.114 > 150 ? "#000000" : "#ffffff";
}

function Preview({ config }: { config: Partial<Config> }) {
  const { t } = useText();
  const header = config.headerColor || UNSET;
  const button = config.buttonColor || UNSET;
  const label = config.widgetButtonText?.trim();
  return (
    <figure style={{ margin: 0, flex: "0 0 240px" }} aria-label={t("settings.preview")}>
      <Title order={2} size="sm" mb="xs">
        {t("settings.preview")}
      </Title>
      <svg viewBox="0 0 240 300" width="240" height="300" role="img" aria-label={t("settings.preview")} style={{ border: "1px solid var(--line)", borderRadius: 12 }}>
        <rect width="240" height="300" fill={config.backgroundColor || "#ffffff"} />
        <rect width="240" height="90" fill={header} />
        <text x="18" y="48" fontSize="15" fontWeight="650" fill={readableOn(header)}>
          {t("settings.previewTitle")}
        </text>
        <rect x="16" y="66" width="208" height="46" rx="8" fill="#ffffff" stroke="#0001" />
        <rect x="28" y="80" width="90" height="7" rx="3" fill="#c6ccd1" />
        <rect x="28" y="94" width="140" height="7" rx="3" fill="#e1e5e8" />
        <rect x="16" y="130" width="208" height="34" rx="8" fill={config.color || UNSET} />
        {label ? (
          <>
            <rect x="76" y="246" width="148" height="38" rx="19" fill={button} />
            <text x="150" y="270" textAnchor="middle" fontSize="13" fill={readableOn(button)}>
              {label.length > LABEL_CHARS ? `${label.slice(0, LABEL_CHARS - 1)}…` : label}
            </text>
          </>
        ) : (
          <>
            <circle cx="206" cy="266" r="22" fill={button} />
            <path d="M197 266h18M206 257v18" stroke={readableOn(button)} strokeWidth="2.5" strokeLinecap="round" />
          </>
        )}
      </svg>
    </figure>
  );
}
