// What was reported: the picture of the screen, what was filled in, what the client says of the device, files.
import { Anchor, Stack, Text, Title } from "@mantine/core";

import type { Ticket } from "../../api/client";
import { useText } from "../../i18n";
import { Facts } from "./Facts";
import { PageClone } from "./PageClone";

export function Report({ ticket }: { ticket: Ticket }) {
  const { t } = useText();
  return (
    <Stack gap="lg">
      <Screenshot url={ticket.screenshotUrl} />
      {!ticket.screenshotUrl && ticket.snapshotFile && <PageClone ticketId={ticket.id} />}
      <Facts title={t("ticket.form")} facts={ticket.formData} />
      <Facts title={t("ticket.attributes")} facts={ticket.attributes} />
      <Facts title={t("ticket.meta")} facts={ticket.metaData} />
      <Facts title={t("session.custom")} facts={ticket.customData} />
      {ticket.attachments.length > 0 && (
        <section>
          <Title order={3} size="h5" mb="xs">
            {t("ticket.attachments")}
          </Title>
          {ticket.attachments.map(({ name, url }) => (
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

/** The picture of the screen, when this server has it: others would learn who looks at it. */
function Screenshot({ url }: { url: string | undefined }) {
  const { t } = useText();
  if (!url || !URL.canParse(url) || new URL(url).origin !== location.origin) return null;
  return (
    <a href={url} target="_blank" rel="noreferrer">
      <img src={url} alt={t("ticket.screenshot")} style={{ maxWidth: "100%", border: "1px solid var(--line)", borderRadius: 8 }} />
    </a>
  );
}
