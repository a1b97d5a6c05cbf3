// Keys that do something without a field in focus. They can be switched off, for those whose voice or hands press keys that they do not mean.
import { Kbd, Modal, Switch, Table, Text } from "@mantine/core";
import { useEffect, useRef, useState } from "react";

import { useText, type Key } from "../i18n";

const STORED = "hark-no-shortcuts";

/** All of them, for the sheet that explains them. */
const SHORTCUTS = {
  "?": "keys.help",
  "/": "keys.search",
  j: "keys.next",
  k: "keys.previous",
  r: "keys.reply",
  n: "keys.note",
  i: "keys.mine",
  d: "keys.done",
  s: "keys.snooze",
  e: "keys.archive",
  u: "keys.unread",
  z: "keys.undo",
  Escape: "keys.back",
} as const satisfies Record<string, Key>;

type Actions = Partial<Record<keyof typeof SHORTCUTS, () => void>>;

/** Does what belongs to a key while the component is shown. */
export function useShortcuts(actions: Actions | false): void {
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isOff() || isTaken(event.target)) return;
      const action = latest.current && latest.current[event.key as keyof Actions];
      if (!action) return;
      event.preventDefault();
      action();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
}

const isOff = () => localStorage.getItem(STORED) === "1";

/** Whether a key is for what has the focus: a field, or something that lies above the page. */
function isTaken(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input:not([type=checkbox]), textarea, select, [contenteditable=true], [role=dialog], [role=menu], [role=listbox]") !== null;
}

export function ShortcutsSheet({ close }: { close: () => void }) {
  const { t } = useText();
  const [off, setOff] = useState(isOff);
  return (
    <Modal opened onClose={close} title={t("keys.title")} closeButtonProps={{ "aria-label": t("app.close") }}>
      <Table>
        <Table.Tbody>
          {Object.entries(SHORTCUTS).map(([key, text]) => (
            <Table.Tr key={key}>
              <Table.Td w={90}>
                <Kbd>{key === "Escape" ? "Esc" : key}</Kbd>
              </Table.Td>
              <Table.Td>{t(text)}</Table.Td>
            </Table.Tr>
          ))}
          <Table.Tr>
            <Table.Td>
              <Kbd>Ctrl</Kbd> <Kbd>K</Kbd>
            </Table.Td>
            <Table.Td>{t("nav.find")}</Table.Td>
          </Table.Tr>
        </Table.Tbody>
      </Table>
      <Switch
        mt="md"
        label={t("keys.on")}
        checked={!off}
        onChange={({ currentTarget }) => {
          localStorage.setItem(STORED, currentTarget.checked ? "0" : "1");
          setOff(!currentTarget.checked);
        }}
      />
      <Text size="xs" className="quiet" mt={4}>
        {t("keys.hint")}
      </Text>
    </Modal>
  );
}
