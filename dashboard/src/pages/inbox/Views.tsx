// The views of the inbox in the navigation, with what nobody has seen yet.
import { Badge, NavLink } from "@mantine/core";
import { Link, useSearch } from "@tanstack/react-router";

import { useText } from "../../i18n";
import { useProjectId, useTeams } from "../../shell/project";
import { useUnread } from "./query";
import { titleOf, viewOf, VIEWS, type View } from "./views";

export function Views() {
  const { t } = useText();
  const teams = useTeams();
  return (
    <>
      {VIEWS.map((view) => (
        <ViewLink key={view} view={view} title={t(titleOf(view))} />
      ))}
      {teams.data?.map(({ id, name }) => (
        <ViewLink key={id} view={`team:${id}`} title={name} />
      ))}
    </>
  );
}

function ViewLink({ view, title }: { view: View; title: string }) {
  const { t, number } = useText();
  const projectId = useProjectId();
  const search = useSearch({ strict: false });
  const unread = useUnread(view);
  const isActive = viewOf(search.view) === view && !search.q;
  return (
    <NavLink
      renderRoot={(props) => <Link to="/p/$projectId/tickets" params={{ projectId }} search={{ view }} aria-current={isActive ? "true" : undefined} {...props} />}
      label={title}
      active={isActive}
      variant="subtle"
      py={4}
      pl={38}
      style={{ borderRadius: 8 }}
      rightSection={
        unread ? (
          <Badge size="sm" variant="light" aria-label={t("inbox.unread", { count: unread })}>
            {number(unread)}
          </Badge>
        ) : null
      }
    />
  );
}
