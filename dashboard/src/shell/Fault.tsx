import { Anchor, Button } from "@mantine/core";
import { IconBug, IconMapOff } from "@tabler/icons-react";

import { useText } from "../i18n";
import { Empty } from "./parts";

export function ErrorBoundary({ error }: { error: unknown }) {
  const { t } = useText();
  console.error(error);
  return (
    <Empty icon={<IconBug aria-hidden />} title={t("app.crashed")} action={<Button onClick={() => location.reload()}>{t("app.reload")}</Button>}>
      {t("app.crashedHint")}
    </Empty>
  );
}

export function NotFound() {
  const { t } = useText();
  return (
    <Empty icon={<IconMapOff aria-hidden />} title={t("app.notFound")}>
      <Anchor href="/">{t("app.home")}</Anchor>
    </Empty>
  );
}
