// A list of what a project has some of, such as teams: each with what it is, and buttons that change and delete it.
import { Button, Group, Stack, Text, Title } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Suspense, useState, type ComponentType, type ReactNode } from "react";

import { useText } from "../i18n";
import { Confirm } from "./Confirm";
import { useTell } from "./parts";
import { useProjectId } from "./project";

interface Named {
  id: string;
}

/** What is said before one is deleted and after it, and what deletes it. */
interface Ending<T> {
  title: (entry: T) => string;
  hint: string;
  done: string;
  erase: (entry: T) => Promise<unknown>;
}

interface List<T extends Named> {
  hint: string;
  /** What the button says that makes a new one. */
  add: string;
  may: boolean;
  entries: T[];
  /** What stands above them, and in their place when there are none. */
  children?: ReactNode;
  none: ReactNode;
  nameOf: (entry: T) => string;
  /** What stands beside the name of one. */
  Beside?: ComponentType<{ entry: T }>;
  Content: ComponentType<{ entry: T }>;
  /** Makes one, or changes the one that is given. */
  Dialog: ComponentType<{ entry: T | undefined; close: () => void }>;
  ending: Ending<T>;
  /** What is read again when one is gone. */
  kinds: string[];
}

export function Entries<T extends Named>(list: List<T>) {
  const { t } = useText();
  const { Beside, Content, Dialog, may } = list;
  const [edited, edit] = useState<T | "new">();
  const [ending, end] = useState<T>();
  return (
    <Stack>
      <Group justify="space-between">
        <Text size="sm" className="quiet" maw={560}>
          {list.hint}
        </Text>
        {may && (
          <Button size="xs" onClick={() => edit("new")}>
            {list.add}
          </Button>
        )}
      </Group>
      {list.children}
      {list.entries.length === 0 && list.none}
      {list.entries.map((entry) => (
        <section key={entry.id} className="panel" style={{ padding: 14 }} aria-label={list.nameOf(entry)}>
          <Group gap="xs" align="center">
            <Title order={2} size="h5" className="wrap">
              {list.nameOf(entry)}
            </Title>
            {Beside && <Beside entry={entry} />}
          </Group>
          <Content entry={entry} />
          {may && (
            <Group gap="xs" mt="sm">
              <Button size="xs" variant="default" onClick={() => edit(entry)}>
                {t("app.edit")}
              </Button>
              <Button size="xs" variant="light" color="red" onClick={() => end(entry)}>
                {t("app.delete")}
              </Button>
            </Group>
          )}
        </section>
      ))}
      {edited && (
        <Suspense>
          <Dialog entry={edited === "new" ? undefined : edited} close={() => edit(undefined)} />
        </Suspense>
      )}
      {ending && <Deleting entry={ending} ending={list.ending} kinds={list.kinds} close={() => end(undefined)} />}
    </Stack>
  );
}

function Deleting<T>({ entry, ending, kinds, close }: { entry: T; ending: Ending<T>; kinds: string[]; close: () => void }) {
  const { t } = useText();
  const project = useProjectId();
  const queries = useQueryClient();
  const tell = useTell();
  const erase = useMutation({
    mutationFn: () => ending.erase(entry),
    onSuccess: () => tell.done(ending.done),
    onError: tell.failed,
    onSettled: () => {
      for (const kind of kinds) void queries.invalidateQueries({ queryKey: [kind, project] });
      close();
    },
  });
  return (
    <Confirm opened title={ending.title(entry)} action={t("app.delete")} isBusy={erase.isPending} confirm={() => erase.mutate()} close={close}>
      {ending.hint}
    </Confirm>
  );
}
