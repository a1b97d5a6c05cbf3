// The teams of the project: who shares tickets, and how.
import { Button, Group, Modal, Stack, Text, Title } from "@mantine/core";
import { IconUsersGroup } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";

import { api, type Schemas } from "../../api/client";
import { useText } from "../../i18n";
import { Empty, Face, Failure, Loading, useTell } from "../../shell/parts";
import { nameOfMember, useMay, useMembers, useProjectId, useTeams } from "../../shell/project";
import { summary } from "./hours";

export type Team = Schemas["TeamBody"];

const TeamDialog = lazy(() => import("./TeamDialog").then(({ TeamDialog }) => ({ default: TeamDialog })));

export function Teams() {
  const { t } = useText();
  const may = useMay("members:write");
  const teams = useTeams();
  const [edited, edit] = useState<Team | "new">();
  const [ending, end] = useState<Team>();
  if (teams.error && !teams.data) return <Failure error={teams.error} retry={() => void teams.refetch()} />;
  if (!teams.data) return <Loading />;
  return (
    <Stack>
      <Group justify="space-between">
        <Text size="sm" className="quiet" maw={560}>
          {t("teams.hint")}
        </Text>
        {may && (
          <Button size="xs" onClick={() => edit("new")}>
            {t("teams.new")}
          </Button>
        )}
      </Group>
      {teams.data.length === 0 && (
        <Empty icon={<IconUsersGroup aria-hidden />} title={t("teams.none")}>
          {t("teams.noneHint")}
        </Empty>
      )}
      {teams.data.map((team) => (
        <Entry key={team.id} team={team} may={may} edit={() => edit(team)} end={() => end(team)} />
      ))}
      {edited && (
        <Suspense>
          <TeamDialog team={edited === "new" ? undefined : edited} close={() => edit(undefined)} />
        </Suspense>
      )}
      {ending && <Ending team={ending} close={() => end(undefined)} />}
    </Stack>
  );
}

function Entry({ team, may, edit, end }: { team: Team; may: boolean; edit: () => void; end: () => void }) {
  const { t, number } = useText();
  const members = useMembers();
  const names = team.members.flatMap((id) => members.data?.filter((member) => member.id === id).map(nameOfMember) ?? []);
  return (
    <section className="panel" style={{ padding: 14 }} aria-label={team.name}>
      <Title order={2} size="h5" className="wrap">
        {team.name}
      </Title>
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
      {may && (
        <Group gap="xs" mt="sm">
          <Button size="xs" variant="default" onClick={edit}>
            {t("teams.edit")}
          </Button>
          <Button size="xs" variant="light" color="red" onClick={end}>
            {t("app.delete")}
          </Button>
        </Group>
      )}
    </section>
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

function Ending({ team, close }: { team: Team; close: () => void }) {
  const { t } = useText();
  const project = useProjectId();
  const queries = useQueryClient();
  const tell = useTell();
  const erase = useMutation({
    mutationFn: () => api.DELETE("/v3/teams/{teamId}", { params: { path: { teamId: team.id }, header: { project } } }),
    onSuccess: () => tell.done(t("teams.deleted")),
    onError: tell.failed,
    onSettled: () => {
      for (const kind of ["teams", "tickets", "ticket"]) void queries.invalidateQueries({ queryKey: [kind, project] });
      close();
    },
  });
  return (
    <Modal opened onClose={close} title={t("teams.deleteTitle", { name: team.name })} closeButtonProps={{ "aria-label": t("app.close") }}>
      <Text mb="md">{t("teams.deleteHint")}</Text>
      <Group justify="flex-end">
        <Button variant="default" onClick={close}>
          {t("app.cancel")}
        </Button>
        <Button color="red" loading={erase.isPending} onClick={() => erase.mutate()}>
          {t("app.delete")}
        </Button>
      </Group>
    </Modal>
  );
}
