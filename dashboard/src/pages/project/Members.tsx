import { Button, Select, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, type Schemas } from "../../api/client";
import { useText } from "../../i18n";
import { Confirm } from "../../shell/Confirm";
import { Face, Failure, Loading, useTell } from "../../shell/parts";
import { nameOfMember, useMay, useMe, useMembers, useProjectId } from "../../shell/project";
import { Invitations } from "./Invitations";

type Member = Schemas["UserBody"];

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
  const [leaving, setLeaving] = useState<Member>();
  const remove = useMutation({
    mutationFn: (userId: string) => api.DELETE("/v3/projects/users/{userId}", { params: { path: { userId }, header } }),
    onError: tell.failed,
    onSettled: () => {
      setLeaving(undefined);
      for (const kind of ["members", "teams", "tickets", "ticket"]) void queries.invalidateQueries({ queryKey: [kind, projectId] });
    },
  });
  if (members.error) return <Failure error={members.error} retry={() => void members.refetch()} />;
  if (!members.data) return <Loading />;
  return (
    <>
      <ul className="timeline" aria-label={t("settings.members")}>
        {members.data.map((member) => {
          const name = nameOfMember(member);
          return (
            <li key={member.id} style={{ flexWrap: "wrap", alignItems: "center" }}>
              <Face name={name} />
              <div style={{ flex: "1 1 180px", minWidth: 0 }}>
                <Text size="sm" fw={550} className="wrap">
                  {name} {member.id === me.data?.id && <span className="quiet">({t("settings.you")})</span>}
                </Text>
                <Text size="xs" className="quiet wrap">
                  {member.email}
                </Text>
              </div>
              {may ? (
                <>
                  <Select
                    w={130}
                    aria-label={`${t("settings.role")}: ${name}`}
                    data={ROLES.map((role) => ({ value: role, label: t(`role.${role}`) }))}
                    value={member.role ?? null}
                    allowDeselect={false}
                    onChange={(role) => role && void give(member.id, role as Schemas["Role"])}
                  />
                  <Button
                    size="compact-sm"
                    variant="light"
                    color="red"
                    aria-label={`${t("settings.removeMember")}: ${name}`}
                    // Nobody removes themselves here, and the others stay in line.
                    style={{ visibility: member.id === me.data?.id ? "hidden" : undefined }}
                    onClick={() => setLeaving(member)}
                  >
                    {t("settings.removeMember")}
                  </Button>
                </>
              ) : (
                <Text size="sm">{member.role && t(`role.${member.role}`)}</Text>
              )}
            </li>
          );
        })}
      </ul>
      {may && <Invitations />}
      <Confirm
        opened={leaving !== undefined}
        title={t("settings.removeMemberTitle", { name: leaving ? nameOfMember(leaving) : "" })}
        action={t("settings.removeMember")}
        isBusy={remove.isPending}
        confirm={() => leaving && remove.mutate(leaving.id)}
        close={() => setLeaving(undefined)}
      >
        {t("settings.removeMemberHint")}
      </Confirm>
    </>
  );
}
