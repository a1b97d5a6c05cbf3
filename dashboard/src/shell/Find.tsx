// Ctrl-K, or Cmd-K: from a user id to its session, from everywhere.
import { ActionIcon, Button, Combobox, Group, Kbd, Modal, Text, TextInput, useCombobox, Stack } from "@mantine/core";
import { useDebouncedValue, useDisclosure, useHotkeys } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState, type KeyboardEvent } from "react";

import type { Session } from "../api/client";
import { useText } from "../i18n";
import { useSearch } from "../pages/sessions/query";
import { Face, Failure, nameOf } from "./parts";
import { useProjectId } from "./project";

const FOUND_MAX = 8;

export function Find() {
  const { t } = useText();
  const [opened, { open, close }] = useDisclosure();
  useHotkeys([["mod+K", open]], []);
  return (
    <>
      <Button variant="default" visibleFrom="xs" leftSection={<IconSearch size={15} aria-hidden />} rightSection={<Kbd size="xs">Ctrl K</Kbd>} onClick={open}>
        {t("nav.find")}
      </Button>
      <ActionIcon hiddenFrom="xs" variant="default" size="lg" onClick={open} aria-label={t("nav.find")}>
        <IconSearch size={16} />
      </ActionIcon>
      <Modal opened={opened} onClose={close} title={t("nav.find")} size="lg" yOffset="10vh" closeButtonProps={{ "aria-label": t("app.close") }}>
        <SessionPicker onPick={close} />
      </Modal>
    </>
  );
}

/** A field that finds a session. Without `choose`, it goes there. */
export function SessionPicker({ onPick, choose }: { onPick?: () => void; choose?: (session: Session) => void }) {
  const { t } = useText();
  const projectId = useProjectId();
  const navigate = useNavigate();
  const combobox = useCombobox();
  const [term, setTerm] = useState("");
  const [wanted] = useDebouncedValue(term.trim(), 120);
  const found = useSearch(projectId, wanted, FOUND_MAX);
  // What is shown may have been found for what was typed before.
  const isCurrent = wanted === term.trim() && !found.isPlaceholderData && found.data !== undefined;
  const isAwaited = useRef(false);
  const take = (session: Session | undefined) => {
    isAwaited.current = false;
    if (!session) return;
    onPick?.();
    if (choose) choose(session);
    else void navigate({ to: "/p/$projectId/sessions/$sessionId", params: { projectId, sessionId: session.id } });
  };
  const enter = (event: KeyboardEvent) => {
    // Who pastes an id and presses Enter at once gets to its session when it is found, and to no other one before.
    if (event.key !== "Enter" || isCurrent || term.trim() === "") return;
    event.stopPropagation();
    event.preventDefault();
    isAwaited.current = true;
  };
  useEffect(() => {
    if (isCurrent && isAwaited.current) take(found.data?.[0]);
    else combobox.selectFirstOption();
    // Only when other sessions were found.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [found.data, isCurrent]);
  return (
    <Combobox store={combobox} onOptionSubmit={(id) => take(found.data?.find((session) => session.id === id))}>
      <Combobox.EventsTarget>
        <TextInput
          data-autofocus
          aria-label={t("nav.find")}
          placeholder={t("nav.findHint")}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={term}
          onKeyDownCapture={enter}
          onChange={(event) => {
            isAwaited.current = false;
            setTerm(event.currentTarget.value);
            combobox.openDropdown();
          }}
        />
      </Combobox.EventsTarget>
      <Stack gap="xs" mt="sm" mih={80}>
        {found.error && <Failure error={found.error} />}
        <Combobox.Options aria-label={t("nav.sessions")}>
          {wanted !== "" &&
            found.data?.map((session) => {
              const name = nameOf(session, t("sessions.guest"));
              return (
                <Combobox.Option value={session.id} key={session.id}>
                  <Group gap="sm" wrap="nowrap">
                    <Face name={name} />
                    <div style={{ minWidth: 0 }}>
                      <Text size="sm" fw={550} truncate>
                        {name}
                      </Text>
                      <Text size="xs" className="quiet" truncate>
                        {[session.userId, session.email, session.companyName].filter(Boolean).join(" · ")}
                      </Text>
                    </div>
                  </Group>
                </Combobox.Option>
              );
            })}
        </Combobox.Options>
        {wanted === "" && <Text className="quiet">{t("nav.findHelp")}</Text>}
        {wanted !== "" && found.data?.length === 0 && <Text className="quiet">{t("nav.findNothing", { term: wanted })}</Text>}
      </Stack>
    </Combobox>
  );
}
