// People who were invited and have not answered yet.
import { Button, Group, Select, Table, Text, TextInput, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, data, type Schemas } from "../../api/client";
import { useText } from "../../i18n";
import { Failure, useTell } from "../../shell/parts";
import { useProjectId } from "../../shell/project";

const ROLES = ["owner", "admin", "agent", "viewer"] as const;

export function Invitations() {
  const { t, day } = useText();
  const project = useProjectId();
  const queries = useQueryClient();
  const tell = useTell();
  const header = { project };
  const [emails, setEmails] = useState("");
  const [role, setRole] = useState<Schemas["Role"]>("agent");
  const invitations = useQuery({ queryKey: ["invitations", project], queryFn: () => data(api.GET("/v3/invitations/projects", { params: { header } })) });
  const change = useMutation({
    mutationFn: (request: () => Promise<unknown>) => request(),
    onSuccess: () => tell.done(t("session.saved")),
    onError: tell.failed,
    onSettled: () => queries.invalidateQueries({ queryKey: ["invitations", project] }),
  });
  const invite = () => {
    const list = emails.split(/[\s,;]+/).filter(Boolean);
    if (list.length === 0) return;
    change.mutate(async () => {
      await api.POST("/v3/invitations/projects", { params: { header }, body: { emails: list, role } });
      setEmails("");
    });
  };
  return (
    <section style={{ marginTop: 28 }}>
      <Title order={2} size="h5">
        {t("invitations.title")}
      </Title>
      <Text size="sm" className="quiet" mb="xs">
        {t("invitations.hint")}
      </Text>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          invite();
        }}
      >
        <Group align="end" gap="xs" mb="sm">
          <TextInput style={{ flex: 1, minWidth: 220 }} label={t("invitations.emails")} value={emails} onChange={(event) => setEmails(event.currentTarget.value)} />
          <Select
            w={130}
            label={t("settings.role")}
            data={ROLES.map((role) => ({ value: role, label: t(`role.${role}`) }))}
            value={role}
            allowDeselect={false}
            onChange={(role) => role && setRole(role as Schemas["Role"])}
          />
          <Button type="submit" disabled={emails.trim() === ""} loading={change.isPending}>
            {t("invitations.send")}
          </Button>
        </Group>
      </form>
      {invitations.error && <Failure error={invitations.error} retry={() => void invitations.refetch()} />}
      {(invitations.data?.length ?? 0) > 0 && (
        <Table>
          <Table.Tbody>
            {invitations.data?.map(({ id, email, role, expiresAt }) => (
              <Table.Tr key={id}>
                <Table.Td className="wrap">{email}</Table.Td>
                <Table.Td>{t(`role.${role}`)}</Table.Td>
                <Table.Td className="quiet">{t("settings.expires", { when: day(expiresAt) })}</Table.Td>
                <Table.Td ta="right">
                  <Button
                    size="compact-xs"
                    variant="subtle"
                    color="red"
                    onClick={() => change.mutate(() => api.DELETE("/v3/invitations/{invitationId}", { params: { path: { invitationId: id } } }))}
                  >
                    {t("invitations.withdraw")}
                  </Button>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </section>
  );
}
