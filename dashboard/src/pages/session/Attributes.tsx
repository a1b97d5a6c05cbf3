// Attributes, edited in place. A change names the version that was shown: what somebody else saved meanwhile is never overwritten unseen.
import { Alert, Anchor, Button, Group, Modal, Stack, Text, TextInput, Title, UnstyledButton } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useRef, useState } from "react";

import { ApiError, type Session } from "../../api/client";
import { useText, type Key } from "../../i18n";
import { useExplain, useTell } from "../../shell/parts";
import { useMay, useProjectId } from "../../shell/project";
import { readSession, updateSession, useRefresh, type Versioned } from "./query";

type Kind = "text" | "number" | "json";
interface Attribute {
  path: string;
  name: string;
  kind: Kind;
}

const STANDARD: { path: string; text: Key; kind: Kind }[] = [
  { path: "name", text: "field.name", kind: "text" },
  { path: "email", text: "field.email", kind: "text" },
  { path: "phone", text: "field.phone", kind: "text" },
  { path: "companyName", text: "field.companyName", kind: "text" },
  { path: "companyId", text: "field.companyId", kind: "text" },
  { path: "plan", text: "field.plan", kind: "text" },
  { path: "value", text: "field.value", kind: "number" },
  { path: "sla", text: "field.sla", kind: "number" },
  { path: "lang", text: "field.lang", kind: "text" },
];
const CUSTOM = "customData.";

const valueAt = (session: Session, path: string): unknown =>
  path.startsWith(CUSTOM) ? session.customData?.[path.slice(CUSTOM.length)] : session[path as keyof Session];

/** A value as it is typed: texts as they are, everything else as JSON. */
const shown = (value: unknown) => (value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value));

/** What was typed as a value; nothing takes the attribute away. */
function parsed(text: string, kind: Kind): unknown {
  if (text.trim() === "") return null;
  if (kind === "text") return text.trim();
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

const bodyOf = (path: string, value: unknown) => (path.startsWith(CUSTOM) ? { customData: { [path.slice(CUSTOM.length)]: value } } : { [path]: value });

export function Attributes({ loaded }: { loaded: Versioned }) {
  const { t, date } = useText();
  const { session } = loaded;
  const custom = Object.keys(session.customData ?? {}).sort();
  return (
    <section className="panel" style={{ padding: 18 }}>
      <Title order={2} size="h5" mb="xs">
        {t("session.attributes")}
      </Title>
      {STANDARD.map(({ path, text, kind }) => (
        <Row key={path} attribute={{ path, name: t(text), kind }} loaded={loaded} />
      ))}
      {(["firstActivity", "createdAt"] as const).map(
        (field) =>
          session[field] && (
            <Fixed key={field} name={t(`field.${field}`)}>
              {date(session[field])}
            </Fixed>
          ),
      )}
      <Fixed name={t("field.sessions")}>{session.sessions}</Fixed>
      {session.lastPageView && <Fixed name={t("field.lastPageView")}>{session.lastPageView.page}</Fixed>}
      <Title order={2} size="h5" mt="md" mb="xs">
        {t("session.custom")}
      </Title>
      {custom.map((name) => (
        <Row key={name} attribute={{ path: CUSTOM + name, name, kind: "json" }} loaded={loaded} />
      ))}
      <AddCustom loaded={loaded} />
    </section>
  );
}

function Fixed({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <Group gap="xs" wrap="nowrap" align="flex-start" py={4}>
      <Text size="sm" className="quiet" w={110} flex="none">
        {name}
      </Text>
      <Text size="sm" className="wrap">
        {children}
      </Text>
    </Group>
  );
}

/** Saves one attribute; tells of conflicts. */
function useSave(loaded: Versioned, attribute: Attribute, done: () => void) {
  const { t } = useText();
  const tell = useTell();
  const projectId = useProjectId();
  const { id } = loaded.session;
  const refresh = useRefresh(projectId, id);
  const [conflict, setConflict] = useState<{ now: Versioned; old: string; mine: string }>();
  const save = useMutation({
    mutationFn: async ({ text, base }: { text: string; base: Versioned }) => {
      const body = bodyOf(attribute.path, parsed(text, attribute.kind));
      let from = base;
      for (;;) {
        try {
          return await updateSession(projectId, id, body, from.etag);
        } catch (error) {
          if (!(error instanceof ApiError) || error.status !== 412) throw error;
        }
        const now = await readSession(projectId, id);
        const old = shown(valueAt(base.session, attribute.path));
        const there = shown(valueAt(now.session, attribute.path));
        // It says so already, whoever was quicker; or somebody changed something else: that is no conflict.
        if (there === shown(parsed(text, attribute.kind) ?? undefined)) return now.session;
        if (there !== old) {
          setConflict({ now, old, mine: text });
          return undefined;
        }
        from = now;
      }
    },
    onSuccess: (saved) => {
      if (!saved) return;
      setConflict(undefined);
      tell.done(t("session.saved"));
      done();
      refresh();
    },
  });
  return { save, conflict, setConflict, refresh };
}

function Row({ attribute, loaded }: { attribute: Attribute; loaded: Versioned }) {
  const { t } = useText();
  const may = useMay("sessions:write");
  // The version that was shown when the edit began, whatever arrives meanwhile.
  const [begun, begin] = useState<Versioned>();
  // Who edited with keys goes on from where the edit began.
  const wasEdited = useRef(false);
  const close = () => {
    wasEdited.current = true;
    begin(undefined);
  };
  const value = shown(valueAt(loaded.session, attribute.path));
  if (begun) return <Editor attribute={attribute} base={begun} close={close} />;
  return (
    <Group gap="xs" wrap="nowrap" align="flex-start" py={2}>
      <Text size="sm" className="quiet wrap" w={110} flex="none" py={2}>
        {attribute.name}
      </Text>
      {may ? (
        <UnstyledButton
          ref={(button) => {
            if (!button || !wasEdited.current) return;
            wasEdited.current = false;
            button.focus();
          }}
          fz="sm"
          className="wrap"
          py={2}
          style={{ flex: 1 }}
          title={t("session.edit", { field: attribute.name })}
          aria-label={`${t("session.edit", { field: attribute.name })}: ${value}`}
          onClick={() => begin(loaded)}
        >
          {value || <span className="quiet">–</span>}
        </UnstyledButton>
      ) : (
        <Text size="sm" className="wrap" py={2}>
          {value}
        </Text>
      )}
    </Group>
  );
}

function Editor({ attribute, base, close }: { attribute: Attribute; base: Versioned; close: () => void }) {
  const { t } = useText();
  const [text, setText] = useState(shown(valueAt(base.session, attribute.path)));
  const { save, conflict, setConflict, refresh } = useSave(base, attribute, close);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate({ text, base });
      }}
    >
      <Stack gap={6} py={6}>
        <TextInput
          size="xs"
          label={attribute.name}
          autoFocus
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => event.key === "Escape" && close()}
        />
        {save.error && <Refused error={save.error} />}
        <Group gap={6}>
          <Button size="compact-sm" type="submit" loading={save.isPending}>
            {t("app.save")}
          </Button>
          <Button size="compact-sm" variant="default" onClick={close}>
            {t("app.cancel")}
          </Button>
        </Group>
      </Stack>
      {conflict && (
        <Modal opened onClose={() => setConflict(undefined)} title={t("session.conflictTitle")} closeButtonProps={{ "aria-label": t("app.close") }}>
          <Text mb="md" className="wrap">
            {t("session.conflictHint", {
              field: attribute.name,
              old: conflict.old || t("app.none"),
              now: shown(valueAt(conflict.now.session, attribute.path)) || t("app.none"),
              mine: conflict.mine || t("app.none"),
            })}
          </Text>
          <Group justify="flex-end">
            <Button
              variant="default"
              onClick={() => {
                setConflict(undefined);
                close();
                refresh();
              }}
            >
              {t("session.conflictTheirs")}
            </Button>
            <Button onClick={() => save.mutate({ text, base: conflict.now })}>{t("session.conflictOverwrite")}</Button>
          </Group>
        </Modal>
      )}
    </form>
  );
}

function Refused({ error }: { error: unknown }) {
  const { t } = useText();
  const explain = useExplain();
  const projectId = useProjectId();
  const conflict = error instanceof ApiError ? error.conflict : undefined;
  return (
    <Alert color="red" p="xs" role="alert">
      {conflict ? (
        <Text size="sm">
          {t("session.taken", { key: conflict.key })}{" "}
          <Anchor size="sm" renderRoot={(props) => <Link to="/p/$projectId/sessions/$sessionId" params={{ projectId, sessionId: conflict.sessionId }} {...props} />}>
            {t("session.takenShow")}
          </Anchor>
        </Text>
      ) : (
        <Text size="sm">{explain(error)}</Text>
      )}
    </Alert>
  );
}

function AddCustom({ loaded }: { loaded: Versioned }) {
  const { t } = useText();
  const may = useMay("sessions:write");
  const [name, setName] = useState("");
  const [adding, setAdding] = useState<{ name: string; base: Versioned }>();
  const [wasAdded, setWasAdded] = useState(false);
  if (!may) return null;
  if (adding) {
    const attribute: Attribute = { path: CUSTOM + adding.name, name: adding.name, kind: "json" };
    return (
      <Editor
        attribute={attribute}
        base={adding.base}
        close={() => {
          setAdding(undefined);
          setWasAdded(true);
          setName("");
        }}
      />
    );
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim()) setAdding({ name: name.trim(), base: loaded });
      }}
    >
      <TextInput
        size="xs"
        mt={6}
        autoFocus={wasAdded}
        aria-label={t("session.addCustom")}
        placeholder={t("session.addCustom")}
        leftSection={<IconPlus size={14} aria-hidden />}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
    </form>
  );
}
