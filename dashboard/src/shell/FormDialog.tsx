import { Button, Group, Modal, Stack } from "@mantine/core";
import type { ReactNode } from "react";

import { useText } from "../i18n";

interface Form {
  title: string;
  /** What the button says that saves, where it is more than that. */
  action?: string;
  children: ReactNode;
  isReady: boolean;
  isSaving: boolean;
  save: () => void;
  close: () => void;
}

/** A form that is saved or left. A click beside it loses nothing that was written. */
export function FormDialog({ title, action, children, isReady, isSaving, save, close }: Form) {
  const { t } = useText();
  return (
    <Modal opened size="lg" onClose={close} closeOnClickOutside={false} title={title} closeButtonProps={{ "aria-label": t("app.close") }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady && !isSaving) save();
        }}
      >
        <Stack gap="md">
          {children}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {t("app.cancel")}
            </Button>
            <Button type="submit" disabled={!isReady} loading={isSaving}>
              {action ?? t("app.save")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
