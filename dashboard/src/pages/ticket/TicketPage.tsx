// A ticket: what was reported, by whom, with its logs; status, priority and the member who works on it are set in place.
import { Anchor, Badge, Button, Group, Select, Stack, Tabs, Text, Title } from "@mantine/core";
import { IconFlagOff } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";

import { api, ApiError, data, type Ticket } from "../../api/client";
import { useText } from "../../i18n";
import { Empty, Face, Failure, Loading, nameOf, useTell } from "../../shell/parts";
import { useMay, useProjectId } from "../../shell/project";
import { Facts } from "./Facts";
import { Log } from "./Log";

const STATUSES = ["OPEN", "INPROGRESS", "DONE"];
const PRIORITIES = ["LOW", "MEDIUM", "HIGH"];

interface Versioned {
  ticket: Ticket;
  etag: string;
}

export function TicketPage() {
  const { t } = useText();
  const projectId = useProjectId();
  const { ticketId = "" } = useParams({ strict: false });
  const loaded = useQuery({ queryKey: ["ticket", projectId, ticketId], queryFn: () => read(projectId, ticketId) });
  if (loaded.error instanceof ApiError && [400, 404].includes(loaded.error.status)) return <Empty icon={<IconFlagOff aria-hidden />} title={t("ticket.notFound")} />;
  if (loaded.error && !loaded.data) return <Failure error={loaded.error} retry={() => void loaded.refetch()} />;
  if (!loaded.data) return <Loading />;
  const { ticket } = loaded.data;
  const title = ticket.title || descriptionOf(ticket) || ticket.type;
  return (
    <div className="session">
      <section className="panel" style={{ padding: 18 }}>
        <Text className="quiet number" size="sm">
          #{ticket.bugId} · {ticket.type}
        </Text>
        <Title order={1} size="h3" mb="md" className="wrap" lineClamp={4}>
          {title}
        </Title>
        <Reporter ticket={ticket} />
        <Handling loaded={loaded.data} />
        <Group gap={6} mt="md">
          {ticket.tags?.map((tag) => (
            <Badge key={tag} variant="default" tt="none">
              {tag}
            </Badge>
          ))}
        </Group>
      </section>
      <Tabs defaultValue="report" keepMounted={false} className="panel" p="md">
        <Tabs.List mb="md" style={{ overflowX: "auto", flexWrap: "nowrap" }}>
          {(["report", "console", "network", "activity"] as const).map((tab) => (
            <Tabs.Tab key={tab} value={tab} style={{ whiteSpace: "nowrap" }}>
              {t(`ticket.${tab}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="report">
          <Report ticket={ticket} />
        </Tabs.Panel>
        {(["console", "network", "activity"] as const).map((log) => (
          <Tabs.Panel value={log} key={log}>
            <Log ticketId={ticketId} log={log} />
          </Tabs.Panel>
        ))}
      </Tabs>
    </div>
  );
}

async function read(project: string, ticketId: string): Promise<Versioned> {
  const { data, response } = await api.GET("/v3/tickets/{ticketId}", { params: { path: { ticketId }, header: { project } }, cache: "no-store" });
  return { ticket: data as Ticket, etag: response.headers.get("etag") ?? "" };
}

function descriptionOf({ formData }: Ticket): string {
  const description = formData?.["description"];
  return typeof description === "string" ? description : "";
}

function Reporter({ ticket }: { ticket: Ticket }) {
  const { t, date } = useText();
  const projectId = useProjectId();
  const { session } = ticket;
  if (!session) return null;
  const name = nameOf(session, t("sessions.guest"));
  return (
    <Group gap="sm" wrap="nowrap">
      <Face name={name} />
      <div style={{ minWidth: 0 }}>
        <Anchor className="wrap" renderRoot={(props) => <Link to="/p/$projectId/sessions/$sessionId" params={{ projectId, sessionId: session.id }} {...props} />}>
          {name}
        </Anchor>
        <Text size="xs" className="quiet">
          {date(ticket.createdAt)}
        </Text>
      </div>
    </Group>
  );
}

function Handling({ loaded: { ticket, etag } }: { loaded: Versioned }) {
  const { t } = useText();
  const projectId = useProjectId();
  const queries = useQueryClient();
  const tell = useTell();
  const may = useMay("tickets:write");
  const header = { project: projectId };
  const members = useQuery({ queryKey: ["members", projectId], queryFn: () => data(api.GET("/v3/projects/users", { params: { header } })), staleTime: 60_000 });
  const change = useMutation({
    mutationFn: (body: Partial<Ticket>) => api.PUT("/v3/tickets/{ticketId}", { params: { path: { ticketId: ticket.id }, header }, body: body as never, headers: { "If-Match": etag } }),
    onSuccess: () => tell.done(t("session.saved")),
    // Somebody was quicker: what holds now is shown, and nothing of theirs is overwritten.
    onError: (error) => tell.failed(error instanceof ApiError && error.status === 412 ? new Error(t("ticket.conflict")) : error),
    onSettled: () => {
      void queries.invalidateQueries({ queryKey: ["ticket", projectId, ticket.id] });
      void queries.invalidateQueries({ queryKey: ["tickets", projectId] });
    },
  });
  const known = (values: string[], now: string) => (values.includes(now) ? values : [...values, now]);
  const people = (members.data ?? []).map(({ id, email, firstName }) => ({ value: id, label: firstName || email || id }));
  const isBusy = change.isPending || !may;
  return (
    <Stack gap="xs" mt="md">
      <Select
        label={t("tickets.status")}
        data={known(STATUSES, ticket.status)}
        value={ticket.status}
        disabled={isBusy}
        allowDeselect={false}
        onChange={(status) => status && change.mutate({ status })}
      />
      <Select
        label={t("tickets.priority")}
        data={known(PRIORITIES, ticket.priority)}
        value={ticket.priority}
        disabled={isBusy}
        allowDeselect={false}
        onChange={(priority) => priority && change.mutate({ priority })}
      />
      <Select
        label={t("ticket.assigned")}
        placeholder={t("ticket.nobody")}
        data={people}
        value={ticket.processingUser ?? null}
        disabled={isBusy}
        clearable
        clearButtonProps={{ "aria-label": t("ticket.nobody") }}
        onChange={(member) => change.mutate({ processingUser: member as string })}
      />
      {may && (
        <Button variant="default" loading={change.isPending} onClick={() => change.mutate({ archived: !ticket.archived })}>
          {t(ticket.archived ? "ticket.unarchive" : "ticket.archive")}
        </Button>
      )}
    </Stack>
  );
}

function Report({ ticket }: { ticket: Ticket }) {
  const { t } = useText();
  const isOurs = (url: string) => URL.canParse(url) && new URL(url).origin === location.origin;
  const shot = ticket.screenshotUrl;
  return (
    <Stack gap="lg">
      {shot && isOurs(shot) && (
        <a href={shot} target="_blank" rel="noreferrer">
          <img src={shot} alt={t("ticket.screenshot")} style={{ maxWidth: "100%", border: "1px solid var(--line)", borderRadius: 8 }} />
        </a>
      )}
      <Facts title={t("ticket.form")} facts={ticket.formData} />
      <Facts title={t("ticket.meta")} facts={ticket.metaData} />
      <Facts title={t("session.custom")} facts={ticket.customData} />
      {(ticket.attachments?.length ?? 0) > 0 && (
        <section>
          <Title order={2} size="h5" mb="xs">
            {t("ticket.attachments")}
          </Title>
          {ticket.attachments?.map(({ name, url }) => (
            <Text key={url} size="sm" className="wrap">
              {/^https?:/.test(url) ? (
                <Anchor href={url} target="_blank" rel="noreferrer">
                  {name || url}
                </Anchor>
              ) : (
                name
              )}
            </Text>
          ))}
        </section>
      )}
    </Stack>
  );
}
