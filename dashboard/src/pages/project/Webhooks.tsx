// Servers of the team that are told what happens, and what they were told.
import { Alert, Badge, Button, Checkbox, Code, Group, Modal, Stack, Switch, Table, Text, TextInput, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconWebhook } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, data, type Schemas } from "../../api/client";
import { useText } from "../../i18n";
import { Ago } from "../../shell/Ago";
import { Confirm } from "../../shell/Confirm";
import { Copyable, Empty, Failure, Loading, useTell } from "../../shell/parts";
import { useMay, useProjectId } from "../../shell/project";

type Webhook = Schemas["WebhookBody"];
type Delivery = Schemas["DeliveryBody"];
type Event = Webhook["events"][number];

const EVENTS: Event[] = ["ticket.created", "ticket.updated", "message.created", "session.created", "session.identified", "session.merged", "session.deleted"];
const DELIVERIES_SHOWN = 50;
/** So often a log that is open is read again. */
const LOOK_AGAIN_MS = 2_000;
const COLORS = { delivered: "green", failed: "red", waiting: "yellow" } as const;

export function Webhooks() {
  const { t } = useText();
  const project = useProjectId();
  const queries = useQueryClient();
  const tell = useTell();
  const may = useMay("project:write");
  const [making, make] = useDisclosure();
  const [secret, setSecret] = useState<string>();
  const [shown, setShown] = useState<string>();
  const [ending, setEnding] = useState<Webhook>();
  const header = { project };
  const hooks = useQuery({ queryKey: ["webhooks", project], enabled: may, queryFn: () => data(api.GET("/v3/webhooks", { params: { header } })) });
  const change = useMutation({
    mutationFn: (request: () => Promise<{ data?: Webhook }>) => request(),
    onSuccess: ({ data }) => data?.secret && setSecret(data.secret),
    onError: tell.failed,
    onSettled: () => queries.invalidateQueries({ queryKey: ["webhooks", project] }),
  });
  const at = ({ id }: Webhook) => ({ params: { path: { webhookId: id }, header } });
  if (!may) return <Text>{t("settings.noRight")}</Text>;
  if (hooks.error) return <Failure error={hooks.error} retry={() => void hooks.refetch()} />;
  if (!hooks.data) return <Loading />;
  return (
    <Stack>
      <Group justify="space-between">
        <Text size="sm" className="quiet" maw={560}>
          {t("webhooks.hint")}
        </Text>
        <Button size="xs" onClick={make.open}>
          {t("webhooks.new")}
        </Button>
      </Group>
      {secret && (
        <Alert color="yellow" title={t("settings.shownOnce")} withCloseButton closeButtonLabel={t("app.close")} onClose={() => setSecret(undefined)}>
          <Text size="sm" mb={6}>
            {t("webhooks.secretHint")}
          </Text>
          <Copyable label={t("webhooks.secret")} value={secret} />
        </Alert>
      )}
      {hooks.data.length === 0 && <Empty icon={<IconWebhook aria-hidden />} title={t("webhooks.none")} />}
      {hooks.data.map((hook) => (
        <section key={hook.id} className="panel" style={{ padding: 14 }} aria-label={hook.name}>
          <Group justify="space-between" wrap="nowrap" align="flex-start">
            <div style={{ minWidth: 0 }}>
              <Title order={2} size="h5" className="wrap">
                {hook.name}
              </Title>
              <Text size="sm" className="quiet wrap">
                {hook.url}
              </Text>
              <Group gap={6} mt={6}>
                {(hook.events.length === 0 ? [t("webhooks.everything")] : hook.events).map((event) => (
                  <Badge key={event} variant="default" tt="none">
                    {event}
                  </Badge>
                ))}
                {hook.disabledAt && (
                  <Badge color="red" variant="light" tt="none">
                    {t("webhooks.disabled")}
                  </Badge>
                )}
              </Group>
            </div>
            <Switch
              label={t("webhooks.on")}
              checked={hook.enabled}
              onChange={({ currentTarget: { checked } }) => change.mutate(() => api.PUT("/v3/webhooks/{webhookId}", { ...at(hook), body: { enabled: checked } as never }))}
            />
          </Group>
          <Group gap="xs" mt="sm">
            <Button size="xs" variant="default" aria-expanded={shown === hook.id} onClick={() => setShown(shown === hook.id ? undefined : hook.id)}>
              {t("webhooks.deliveries")}
            </Button>
            <Button size="xs" variant="default" onClick={() => change.mutate(() => api.POST("/v3/webhooks/{webhookId}/rotate-secret", at(hook)))}>
              {t("webhooks.rotate")}
            </Button>
            <Button size="xs" variant="light" color="red" onClick={() => setEnding(hook)}>
              {t("app.delete")}
            </Button>
          </Group>
          {shown === hook.id && <Deliveries webhookId={hook.id} />}
        </section>
      ))}
      {making && <NewWebhook close={make.close} create={(body) => change.mutate(() => api.POST("/v3/webhooks", { params: { header }, body: body as never }))} />}
      <Confirm
        opened={ending !== undefined}
        title={t("webhooks.deleteTitle", { name: ending?.name ?? "" })}
        action={t("app.delete")}
        confirm={() => {
          if (ending) change.mutate(() => api.DELETE("/v3/webhooks/{webhookId}", at(ending)) as Promise<{ data?: Webhook }>);
          setEnding(undefined);
        }}
        close={() => setEnding(undefined)}
      >
        {t("webhooks.deleteHint")}
      </Confirm>
    </Stack>
  );
}

function NewWebhook({ close, create }: { close: () => void; create: (body: { name: string; url: string; events: string[] }) => void }) {
  const { t } = useText();
  const [name, setName] = useState("");
  const [url, setUrl] = useState("https://");
  const [events, setEvents] = useState<string[]>([]);
  return (
    <Modal opened onClose={close} title={t("webhooks.new")} closeButtonProps={{ "aria-label": t("app.close") }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          create({ name: name.trim(), url: url.trim(), events });
          close();
        }}
      >
        <Stack gap="sm">
          <TextInput data-autofocus required label={t("field.name")} value={name} onChange={(event) => setName(event.currentTarget.value)} />
          <TextInput required type="url" label={t("webhooks.url")} value={url} onChange={(event) => setUrl(event.currentTarget.value)} />
          <Checkbox.Group label={t("webhooks.events")} description={t("webhooks.eventsHint")} value={events} onChange={setEvents}>
            <Stack gap={6} mt={6}>
              {EVENTS.map((event) => (
                <Checkbox key={event} value={event} label={event} size="sm" />
              ))}
            </Stack>
          </Checkbox.Group>
          <Group justify="flex-end">
            <Button type="submit">{t("app.save")}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function Deliveries({ webhookId }: { webhookId: string }) {
  const { t } = useText();
  const project = useProjectId();
  const deliveries = useQuery({
    queryKey: ["webhooks", project, webhookId, "deliveries"],
    queryFn: async () => {
      const params = { path: { webhookId }, header: { project }, query: { limit: DELIVERIES_SHOWN } };
      return (await data(api.GET("/v3/webhooks/{webhookId}/deliveries", { params }))) as Delivery[];
    },
    refetchInterval: LOOK_AGAIN_MS,
  });
  if (deliveries.error && !deliveries.data) return <Failure error={deliveries.error} retry={() => void deliveries.refetch()} />;
  if (!deliveries.data) return <Loading />;
  if (deliveries.data.length === 0) return <Empty icon={<IconWebhook aria-hidden />} title={t("webhooks.noDeliveries")} />;
  return (
    <div style={{ overflowX: "auto", marginTop: 10 }} tabIndex={0} role="region" aria-label={t("webhooks.deliveries")}>
      <Table miw={560}>
        <Table.Tbody>
          {deliveries.data.map((delivery) => (
            <Row key={delivery.id} delivery={delivery} />
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function Row({ delivery }: { delivery: Delivery }) {
  const { t, date } = useText();
  const project = useProjectId();
  const queries = useQueryClient();
  const tell = useTell();
  const [isOpen, { toggle }] = useDisclosure();
  const again = useMutation({
    mutationFn: () =>
      api.POST("/v3/webhooks/{webhookId}/deliveries/{deliveryId}/resend", {
        params: { path: { webhookId: delivery.webhook, deliveryId: delivery.id }, header: { project } },
      }),
    onSuccess: () => tell.done(t("webhooks.sentAgain")),
    onError: tell.failed,
    onSettled: () => queries.invalidateQueries({ queryKey: ["webhooks", project, delivery.webhook] }),
  });
  const last = delivery.attempts.at(-1);
  return (
    <>
      <Table.Tr>
        <Table.Td>
          <Ago at={delivery.createdAt} />
        </Table.Td>
        <Table.Td>{delivery.event}</Table.Td>
        <Table.Td>
          <Badge variant="light" color={COLORS[delivery.status]} tt="none">
            {t(`webhooks.status.${delivery.status}`)}
          </Badge>
        </Table.Td>
        <Table.Td className="wrap">{last?.status ?? last?.error}</Table.Td>
        <Table.Td ta="right" style={{ whiteSpace: "nowrap" }}>
          <Button size="compact-xs" variant="subtle" aria-expanded={isOpen} onClick={toggle}>
            {t("webhooks.details")}
          </Button>
          <Button size="compact-xs" variant="subtle" loading={again.isPending} onClick={() => again.mutate()}>
            {t("webhooks.sendAgain")}
          </Button>
        </Table.Td>
      </Table.Tr>
      {isOpen && (
        <Table.Tr>
          <Table.Td colSpan={5}>
            {delivery.attempts.map(({ at, status, answer, error }) => (
              <Text key={at} size="xs" className="wrap">
                {date(at)}: {[status, error, answer].filter(Boolean).join(" · ")}
              </Text>
            ))}
            <Code block fz="xs" mt={6} style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
              {delivery.body}
            </Code>
          </Table.Td>
        </Table.Tr>
      )}
    </>
  );
}
