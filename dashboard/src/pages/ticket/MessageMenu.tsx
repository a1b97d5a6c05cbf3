// What the viewer may do with a message of their own.
import { ActionIcon, Menu } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconDots } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api } from "../../api/client";
import { useText } from "../../i18n";
import { Confirm } from "../../shell/Confirm";
import { useTell } from "../../shell/parts";
import { useProjectId } from "../../shell/project";

export function MessageMenu({ messageId, edit }: { messageId: string; edit: () => void }) {
  const { t } = useText();
  const project = useProjectId();
  const queries = useQueryClient();
  const tell = useTell();
  const [asked, ask] = useDisclosure();
  const erase = useMutation({
    mutationFn: () => api.DELETE("/v3/messages/{messageId}", { params: { path: { messageId }, header: { project } } }),
    onSuccess: () => tell.done(t("message.deleted")),
    onError: tell.failed,
    onSettled: () => {
      for (const kind of ["messages", "tickets", "ticket"]) void queries.invalidateQueries({ queryKey: [kind, project] });
    },
  });
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon size="sm" variant="subtle" color="gray" aria-label={t("message.options")}>
            <IconDots size={14} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={edit}>{t("message.edit")}</Menu.Item>
          <Menu.Item className="fault" onClick={ask.open}>
            {t("message.delete")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Confirm
        opened={asked}
        title={t("message.deleteTitle")}
        action={t("app.delete")}
        confirm={() => {
          ask.close();
          erase.mutate();
        }}
        close={ask.close}
      >
        {t("message.deleteHint")}
      </Confirm>
    </>
  );
}
