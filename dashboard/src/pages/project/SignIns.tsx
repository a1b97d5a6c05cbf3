import { Button, Group, Stack, Text } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";

import { api, data } from "../../api/client";
import { useText } from "../../i18n";
import { Failure, Loading, useTell } from "../../shell/parts";

export function SignIns() {
  const { t, date } = useText();
  const queries = useQueryClient();
  const tell = useTell();
  const signIns = useQuery({ queryKey: ["sign-ins"], queryFn: () => data(api.GET("/v3/users/me/sign-ins")) });
  const attempt = async (work: Promise<unknown>) => {
    try {
      await work;
    } catch (error) {
      tell.failed(error);
    }
    void queries.invalidateQueries({ queryKey: ["sign-ins"] });
  };
  if (signIns.error) return <Failure error={signIns.error} retry={() => void signIns.refetch()} />;
  if (!signIns.data) return <Loading />;
  return (
    <Stack>
      <ul className="timeline">
        {signIns.data.map((one) => (
          <li key={one.id}>
            <div style={{ flex: 1, minWidth: 0 }}>
              <Text size="sm" className="wrap">
                {one.userAgent ?? one.address} {one.current && <b>({t("settings.current")})</b>}
              </Text>
              <Text size="xs" className="quiet">
                {one.address} · {date(one.createdAt)}
              </Text>
            </div>
            {!one.current && (
              <Button
                size="compact-sm"
                variant="default"
                onClick={() => void attempt(api.DELETE("/v3/users/me/sign-ins/{signInId}", { params: { path: { signInId: one.id } } }))}
              >
                {t("settings.endSignIn")}
              </Button>
            )}
          </li>
        ))}
      </ul>
      <Group>
        <Button variant="default" onClick={() => void attempt(api.DELETE("/v3/users/me/sign-ins"))}>
          {t("nav.signOutEverywhere")}
        </Button>
      </Group>
    </Stack>
  );
}
