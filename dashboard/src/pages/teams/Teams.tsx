// The teams of the project: who shares tickets, and how.
import { Group, Text } from "@mantine/core";
import { IconUsersGroup } from "@tabler/icons-react";
import { lazy } from "react";

import { api, type Schemas } from "../../api/client";
import { useText } from "../../i18n";
import { Entries } from "../../shell/Entries";
import { part } from "../../shell/part";
import { Empty, Face, Failure, Loading } from "../../shell/parts";
import { nameOfMember, useMay, useMembers, useProjectId, useTeams } from "../../shell/project";
import { summary } from "./hours";

export type Team = Schemas["TeamBody"];

/** What is read again when teams changed. */
export const TOUCHED = ["teams", "tickets", "ticket"];

const TeamDialog = lazy(() => part(() => import("./TeamDialog")).then(({ TeamDialog }) => ({ default: TeamDialog })));

export function Teams() {
  const { t } = useText();
  const project = useProjectId();
  const may = useMay("members:write");
  const teams = useTeams();
  if (teams.error && !teams.data) return <Failure error={teams.error} retry={() => void teams.refetch()} />;
  if (!teams.data) return <Loading />;
  return (
    <Entries
      hint={t("teams.hint")}
      add={t("teams.new")}
      may={may}
      entries={teams.data}
      none={
        <Empty icon={<IconUsersGroup aria-hidden />} title={t("teams.none")}>
          {t("teams.noneHint")}
        </Empty>
      }
      nameOf={({ name }) => name}
      Content={Content}
      Dialog={TeamDialog}
      ending={{
        title: ({ name }) => t("teams.deleteTitle", { name }),
        hint: t("teams.deleteHint"),
        done: t("teams.deleted"),
        erase: ({ id }) => api.DELETE("/v3/teams/{teamId}", { params: { path: { teamId: id }, header: { project } } }),
      }}
      kinds={TOUCHED}
    />
  );
}

function Content({ entry: team }: { entry: Team }) {
  const { t, number } = useText();
  const members = useMembers();
  const names = team.members.flatMap((id) => members.data?.filter((member) => member.id === id).map(nameOfMember) ?? []);
  return (
    <>
      <Group gap="md" mt={6}>
        {names.map((name) => (
          <Group key={name} gap={6} wrap="nowrap">
            <Face name={name} size={22} />
            <Text size="sm" className="wrap">
              {name}
            </Text>
          </Group>
        ))}
        {team.members.length === 0 && <Text size="sm">{t("teams.noMembers")}</Text>}
      </Group>
      <Text size="sm" className="quiet wrap" mt={6}>
        {[
          t(`teams.method.${team.assignmentMethod}`),
          team.selectOnlyOnlineMembers && t("teams.onlineOnly"),
          team.limitTicketAmount && t("teams.amountOf", { count: number(team.ticketAmount) }),
        ]
          .filter(Boolean)
          .join(" · ")}
      </Text>
      <Hours hours={team.operatingHours} />
    </>
  );
}

function Hours({ hours }: { hours: Team["operatingHours"] }) {
  const { t, weekday } = useText();
  const isAlways = !hours?.enabled || hours.alwaysOnline;
  const named = ({ days, hours }: ReturnType<typeof summary>[number]) => {
    const [first, last] = [days[0], days.at(-1)].map((day) => weekday(day ?? 0));
    return `${first === last ? first : `${first}–${last}`} ${hours}`;
  };
  return (
    <Text size="sm" className="quiet wrap">
      {t("teams.hours")}: {isAlways ? t("teams.always") : `${summary(hours.openingTimes).map(named).join(", ")} (${hours.timezone ?? "UTC"})`}
    </Text>
  );
}
