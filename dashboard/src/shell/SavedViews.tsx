// Lists that the team keeps under a name: what an address says of a list, saved for all.
import { ActionIcon, Button, Group, Menu, Modal, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconBookmark, IconCheck } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";

import { api, data, type Schemas } from "../api/client";
import { useText } from "../i18n";
import type { ListSearch } from "../router";
import { useTell } from "./parts";
import { useMay, useProjectId } from "./project";

/** What of an address belongs to a list. */
const KEPT = ["q", "filter", "sort", "view"] as const;

type View = Schemas["SavedViewBody"];

/** As many bytes as the server keeps of an address. */
const ADDRESS_BYTES_MAX = 4_096;

/** The part of an address that is kept, always in the same order. */
export function addressOf(search: ListSearch): string {
  const kept = KEPT.flatMap((key) => (search[key] === undefined ? [] : [[key, search[key]] as [string, string]]));
  return new URLSearchParams(kept).toString();
}

export function SavedViews({ listed, isSmall = false }: { listed: View["listed"]; isSmall?: boolean }) {
  const { t } = useText();
  const project = useProjectId();
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const queries = useQueryClient();
  const tell = useTell();
  const may = useMay("sessions:write");
  const [saving, save] = useDisclosure();
  const [opened, setOpened] = useState<string>();
  const header = { project };
  const path = { projectId: project };
  const views = useQuery({
    queryKey: ["views", project],
    queryFn: () => data(api.GET("/v3/projects/{projectId}/views", { params: { path, header } })),
    staleTime: 30_000,
  });
  const address = addressOf(search);
  // It is written in ASCII.
  const isTooLong = address.length > ADDRESS_BYTES_MAX;
  const mayKeep = address !== "" && !isTooLong;
  const shown = (views.data ?? []).filter((view) => view.listed === listed);
  const current = shown.find((view) => view.address === address);
  // A view that was chosen and then narrowed can take over what is shown.
  const left = current ? undefined : shown.find(({ id }) => id === opened);
  const change = useMutation({
    mutationFn: (request: () => Promise<unknown>) => request(),
    onSuccess: () => tell.done(t("session.saved")),
    onError: tell.failed,
    onSettled: () => queries.invalidateQueries({ queryKey: ["views", project] }),
  });
  const at = ({ id }: View) => ({ params: { path: { ...path, viewId: id }, header } });
  const open = (view: View) => {
    setOpened(view.id);
    void navigate({ to: ".", search: Object.fromEntries(new URLSearchParams(view.address)) });
  };
  return (
    <>
      <Menu position="bottom-end" width={260}>
        <Menu.Target>
          {isSmall ? (
            <ActionIcon variant={current ? "light" : "default"} size={36} aria-label={current?.name ?? t("views.title")}>
              <IconBookmark size={16} />
            </ActionIcon>
          ) : (
            <Button variant={current ? "light" : "default"} leftSection={<IconBookmark size={16} aria-hidden />} maw={220}>
              {current?.name ?? t("views.title")}
            </Button>
          )}
        </Menu.Target>
        <Menu.Dropdown mah={420} style={{ overflowY: "auto" }}>
          {shown.length === 0 && <Menu.Label>{t("views.none")}</Menu.Label>}
          {shown.map((view) => (
            <Menu.Item key={view.id} className="wrap" leftSection={<IconCheck size={14} aria-hidden style={{ visibility: view === current ? "visible" : "hidden" }} />} onClick={() => open(view)}>
              {view.name}
            </Menu.Item>
          ))}
          {may && <Menu.Divider />}
          {may && isTooLong && <Menu.Label className="wrap">{t("views.tooLong")}</Menu.Label>}
          {may && left && !isTooLong && (
            <Menu.Item className="wrap" onClick={() => change.mutate(() => api.PUT("/v3/projects/{projectId}/views/{viewId}", { ...at(left), body: { name: left.name, listed, address } }))}>
              {t("views.change", { name: left.name })}
            </Menu.Item>
          )}
          {may && !current && (
            // It can be reached all the same: a menu in which nothing can is not left by Escape.
            <Menu.Item aria-disabled={!mayKeep} data-disabled={!mayKeep || undefined} closeMenuOnClick={mayKeep} onClick={() => mayKeep && save.open()}>
              {t("views.save")}
            </Menu.Item>
          )}
          {may && current && (
            <Menu.Item className="fault wrap" onClick={() => change.mutate(() => api.DELETE("/v3/projects/{projectId}/views/{viewId}", at(current)))}>
              {t("views.delete", { name: current.name })}
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      {saving && (
        <SaveDialog
          close={save.close}
          save={(name) => change.mutate(() => api.POST("/v3/projects/{projectId}/views", { params: { path, header }, body: { name, listed, address } }))}
        />
      )}
    </>
  );
}

function SaveDialog({ close, save }: { close: () => void; save: (name: string) => void }) {
  const { t } = useText();
  const [name, setName] = useState("");
  return (
    <Modal opened onClose={close} title={t("views.save")} closeButtonProps={{ "aria-label": t("app.close") }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim() === "") return;
          save(name.trim());
          close();
        }}
      >
        <TextInput data-autofocus label={t("views.name")} description={t("views.shared")} maxLength={100} value={name} onChange={(event) => setName(event.currentTarget.value)} />
        <Group justify="flex-end" mt="md">
          <Button type="submit" disabled={name.trim() === ""}>
            {t("app.save")}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
