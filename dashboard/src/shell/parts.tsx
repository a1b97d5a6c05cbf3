// Small things that all pages use.
import { Alert, Avatar, Button, Center, CopyButton, Group, Loader, Stack, Text, Title, ActionIcon, Tooltip, Code } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconAlertTriangle, IconCheck, IconCopy } from "@tabler/icons-react";
import type { ReactNode } from "react";

import { ApiError, OfflineError, type Session } from "../api/client";
import { useText, type Key } from "../i18n";
import { en } from "../i18n/en";
import { useTitle } from "./title";

export function Loading() {
  const { t } = useText();
  return (
    <Center h="40vh">
      <Loader role="status" aria-label={t("app.loading")} />
    </Center>
  );
}

/** What to say of an error: in the words of the viewer's language where there are some, else in the server's own. */
export function useExplain(): (error: unknown) => string {
  const { t } = useText();
  return (error) => {
    if (error instanceof OfflineError) return t("app.offline");
    if (!(error instanceof ApiError)) return (error instanceof Error && error.message) || t("app.failed");
    const known = `error.${error.code}`;
    if (known in en) return t(known as Key);
    if (error.status >= 500) return t("app.failedHint", { id: error.requestId ?? "–" });
    return error.errors.length > 0 && error.status === 422 ? error.errors.join("\n") : error.message;
  };
}

export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const { t } = useText();
  const explain = useExplain();
  return (
    <Alert color="red" variant="light" icon={<IconAlertTriangle aria-hidden />} title={t("app.failed")} role="alert">
      <Text size="sm" style={{ whiteSpace: "pre-line" }}>
        {explain(error)}
      </Text>
      {retry && (
        <Button mt="sm" size="xs" variant="default" onClick={retry}>
          {t("app.retry")}
        </Button>
      )}
    </Alert>
  );
}

export function Empty({ icon, title, children, action }: { icon: ReactNode; title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <Stack align="center" gap="xs" py={56} px="md" ta="center">
      <div className="dot" style={{ width: 56, height: 56 }}>
        {icon}
      </div>
      <Title order={2} size="h4">
        {title}
      </Title>
      {children && (
        <Text className="quiet" maw={440}>
          {children}
        </Text>
      )}
      {action}
    </Stack>
  );
}

export function PageTitle({ title, hint, children }: { title: string; hint?: ReactNode; children?: ReactNode }) {
  useTitle(title);
  return (
    <Group justify="space-between" align="center" mb="md">
      <Group gap="sm" align="baseline">
        <Title order={1} size="h2">
          {title}
        </Title>
        {hint && (
          <Text className="quiet number" size="sm">
            {hint}
          </Text>
        )}
      </Group>
      <Group gap="xs">{children}</Group>
    </Group>
  );
}

/** A value to copy, such as a key. */
export function Copyable({ label, value }: { label: string; value: string }) {
  const { t } = useText();
  return (
    <Group gap={6} wrap="nowrap">
      <Code className="wrap" fz="sm" style={{ flex: 1 }}>
        {value}
      </Code>
      <CopyButton value={value}>
        {({ copied, copy }) => (
          <Tooltip label={copied ? t("app.copied") : t("app.copy")}>
            <ActionIcon variant="subtle" onClick={copy} aria-label={`${t("app.copy")}: ${label}`}>
              {copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
            </ActionIcon>
          </Tooltip>
        )}
      </CopyButton>
    </Group>
  );
}

/** The most telling handle of a session. */
export function nameOf(session: Partial<Session>, guest: string): string {
  return session.name || session.email || session.userId || session.phone || `${guest} ${(session.id ?? "").slice(-6)}`;
}

/** Initials: pictures of others are not loaded, their hosts would learn who is looked at. */
export function Face({ name, size = "sm" }: { name: string; size?: string | number }) {
  return <Avatar name={name} color="initials" size={size} radius="xl" aria-hidden />;
}

export function useTell(): { done: (message: string) => void; failed: (error: unknown) => void } {
  const { t } = useText();
  const explain = useExplain();
  const closeButtonProps = { "aria-label": t("app.close") };
  return {
    done: (message) => notifications.show({ message, color: "hark", closeButtonProps }),
    failed: (error) => notifications.show({ message: explain(error), color: "red", autoClose: 8000, className: "told-fault", closeButtonProps }),
  };
}
