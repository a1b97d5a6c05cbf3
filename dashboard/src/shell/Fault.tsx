import { Anchor, Button } from "@mantine/core";
import { IconBug, IconMapOff } from "@tabler/icons-react";

import { OfflineError } from "../api/client";
import { useText } from "../i18n";
import { isReachable } from "./part";
import { Empty, Failure } from "./parts";

/** Loads the page anew, unless that would lose it. */
const again = () => void isReachable().then((reachable) => reachable && location.reload());

export function ErrorBoundary({ error }: { error: unknown }) {
  const { t } = useText();
  if (error instanceof OfflineError) return <Failure error={error} retry={again} />;
  console.error(error);
  return (
    <Empty icon={<IconBug aria-hidden />} title={t("app.crashed")} action={<Button onClick={again}>{t("app.reload")}</Button>}>
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
