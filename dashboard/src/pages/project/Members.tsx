import { Select, Table, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";

import { api, type Schemas } from "../../api/client";
import { useText } from "../../i18n";
import { Face, Failure, Loading, useTell } from "../../shell/parts";
import { nameOfMember, useMay, useMe, useMembers, useProjectId } from "../../shell/project";
import { Invitations } from "./Invitations";

const ROLES = ["owner", "admin", "agent", "viewer"] as const;

export function Members() {
  const { t } = useText();
  const projectId = useProjectId();
  const queries = useQueryClient();
  const tell = useTell();
  const may = useMay("members:write");
  const header = { project: projectId };
  const me = useMe();
  const members = useMembers();
  const give = async (userId: string, role: Schemas["Role"]) => {
    try {
      await api.PUT("/v3/projects/users/{userId}", { params: { path: { userId }, header }, body: { role } });
    } catch (error) {
      tell.failed(error);
    }
    void queries.invalidateQueries({ queryKey: ["members", projectId] });
  };
  if (members.error) return <Failure error={members.error} retry={() => void members.refetch()} />;
  if (!members.data) return <Loading />;
  return (
    <>
    <Table>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("settings.member")}</Table.Th>
          <Table.Th w={180}>{t("settings.role")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {members.data.map((member) => {
          const name = nameOfMember(member);
          return (
            <Table.Tr key={member.id}>
              <Table.Td>
                <div style={{ display: "flex", gap: 10, alignItems: "center" }}>
                  <Face name={name} />
                  <div>
                    <Text size="sm" fw={550} className="wrap">
                      {name} {member.id === me.data?.id && <span className="quiet">({t("settings.you")})</span>}
                    </Text>
                    <Text size="xs" className="quiet wrap">
                      {member.email}
                    </Text>
                  </div>
                </div>
              </Table.Td>
              <Table.Td>
                {may ? (
                  <Select
                    aria-label={`${t("settings.role")}: ${name}`}
                    data={ROLES.map((role) => ({ value: role, label: t(`role.${role}`) }))}
                    value={member.role ?? null}
                    allowDeselect={false}
                    onChange={(role) => role && void give(member.id, role as Schemas["Role"])}
                  />
                ) : (
                  member.role && t(`role.${member.role}`)
                )}
              </Table.Td>
            </Table.Tr>
          );
        })}
      </Table.Tbody>
    </Table>
      {may && <Invitations />}
    </>
  );
}
