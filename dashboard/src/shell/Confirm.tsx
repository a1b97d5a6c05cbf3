import { Button, Group, Modal, Text } from "@mantine/core";
import type { ReactNode } from "react";

import { useText } from "../i18n";

interface Question {
  opened: boolean;
  title: string;
  /** What would become of it. */
  children: ReactNode;
  /** What the button says that does it, and its colour where that is not the one of what is gone afterwards. */
  action: string;
  color?: string;
  isBusy?: boolean;
  confirm: () => void;
  close: () => void;
}

/** Asks before something is done. */
export function Confirm({ opened, title, children, action, color = "red", isBusy = false, confirm, close }: Question) {
  const { t } = useText();
  return (
    <Modal opened={opened} onClose={close} title={title} closeButtonProps={{ "aria-label": t("app.close") }}>
      <Text component="div" mb="md">
        {children}
      </Text>
      <Group justify="flex-end">
        <Button variant="default" onClick={close}>
          {t("app.cancel")}
        </Button>
        <Button color={color} loading={isBusy} onClick={confirm}>
          {action}
        </Button>
      </Group>
    </Modal>
  );
}
