// The session that tickets are of, in a condition: found by what is known of it, and shown by its name.
import { Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";

import { useText } from "../../i18n";
import { nameOf } from "../../shell/parts";
import { useProjectId } from "../../shell/project";
import { useSession } from "../session/query";
import { useSearch } from "../sessions/query";

const FOUND_MAX = 8;
const TYPING_MS = 150;

export function ChooseSession({ label, value, choose }: { label: string; value: string; choose: (value: string) => void }) {
  const { t } = useText();
  const projectId = useProjectId();
  const [term, setTerm] = useState("");
  const [wanted] = useDebouncedValue(term.trim(), TYPING_MS);
  const found = useSearch(projectId, wanted, FOUND_MAX);
  const data = (found.data ?? []).map((session) => ({ value: session.id, label: `${nameOf(session, t("sessions.guest"))}${session.email && session.name ? ` · ${session.email}` : ""}` }));
  return (
    <Select
      label={label}
      placeholder={t("nav.findHint")}
      data={data}
      // The server has searched.
      filter={({ options }) => options}
      value={value || null}
      searchable
      searchValue={term}
      onSearchChange={setTerm}
      nothingFoundMessage={wanted !== "" && found.data ? t("nav.findNothing", { term: wanted }) : undefined}
      comboboxProps={{ withinPortal: false }}
      onChange={(chosen) => choose(chosen ?? "")}
    />
  );
}

export function SessionName({ value }: { value: string }) {
  const { t } = useText();
  const session = useSession(useProjectId(), value);
  return <>{session.data ? nameOf(session.data.session, t("sessions.guest")) : value}</>;
}
