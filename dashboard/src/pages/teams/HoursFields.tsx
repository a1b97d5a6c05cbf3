// The hours of a team, day by day.
import { ActionIcon, Button, Group, Select, Stack, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";

import { useText } from "../../i18n";
import { zones } from "../../shell/zones";
import { dayIndex, DAYS, oneMore, type Time } from "./hours";

const TIMES_MAX = 50;

interface Hours {
  times: Time[];
  change: (times: Time[]) => void;
  timezone: string;
  setTimezone: (timezone: string) => void;
}

export function HoursFields({ times, change, timezone, setTimezone }: Hours) {
  const { t, weekday } = useText();
  const set = (index: number, part: Partial<Time>) => change(times.map((time, at) => (at === index ? { ...time, ...part } : time)));
  return (
    <Stack gap="xs">
      <Select
        label={t("teams.timezone")}
        data={zones(timezone)}
        value={timezone}
        searchable
        limit={60}
        allowDeselect={false}
        comboboxProps={{ withinPortal: false }}
        onChange={(zone) => zone && setTimezone(zone)}
      />
      {times.map((time, index) => (
        <div key={index} className="hours-row" role="group" aria-label={t("teams.time", { number: index + 1 })}>
          <Select
            className="hours-day"
            aria-label={t("teams.day")}
            data={DAYS.map((day, index) => ({ value: day, label: weekday(index) }))}
            value={DAYS[dayIndex(time.day)] ?? null}
            allowDeselect={false}
            comboboxProps={{ withinPortal: false }}
            onChange={(day) => day && set(index, { day })}
          />
          <TextInput type="time" required aria-label={t("teams.from")} value={time.openingTime} onChange={(event) => set(index, { openingTime: event.currentTarget.value })} />
          <TextInput
            type="time"
            required
            aria-label={t("teams.until")}
            // The end of the day is 24:00 on the wire, and 00:00 on a clock.
            value={time.closingTime === "24:00" ? "00:00" : time.closingTime}
            onChange={(event) => set(index, { closingTime: event.currentTarget.value === "00:00" ? "24:00" : event.currentTarget.value })}
          />
          <ActionIcon variant="subtle" aria-label={t("teams.removeTime", { number: index + 1 })} onClick={() => change(times.filter((_, at) => at !== index))}>
            <IconX size={16} />
          </ActionIcon>
        </div>
      ))}
      <Group>
        <Button size="xs" variant="default" leftSection={<IconPlus size={14} aria-hidden />} disabled={times.length >= TIMES_MAX} onClick={() => change([...times, oneMore(times)])}>
          {t("teams.addTime")}
        </Button>
      </Group>
    </Stack>
  );
}
