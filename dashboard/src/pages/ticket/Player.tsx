// The controls of a replay.
import { ActionIcon, Group, Select, Slider, Text } from "@mantine/core";
import { IconPlayerPause, IconPlayerPlay } from "@tabler/icons-react";

import { useText } from "../../i18n";

const SPEEDS = ["1", "2", "4", "8"];

interface Controls {
  isPlaying: boolean;
  /** In milliseconds from the beginning, as is `length`. */
  at: number;
  length: number;
  speed: number;
  play: () => void;
  pause: () => void;
  seek: (at: number) => void;
  hasten: (speed: number) => void;
}

export function Controls({ isPlaying, at, length, speed, play, pause, seek, hasten }: Controls) {
  const { t } = useText();
  return (
    <Group gap="sm" wrap="nowrap" mt="xs" role="group" aria-label={t("replay.controls")}>
      <ActionIcon size="lg" onClick={isPlaying ? pause : play} aria-label={t(isPlaying ? "replay.pause" : "replay.play")}>
        {isPlaying ? <IconPlayerPause size={18} /> : <IconPlayerPlay size={18} />}
      </ActionIcon>
      <Slider
        style={{ flex: 1 }}
        size="sm"
        min={0}
        max={Math.max(length, 1)}
        step={100}
        value={Math.min(at, length)}
        label={clock}
        onChange={seek}
        thumbLabel={t("replay.place")}
      />
      <Text size="xs" className="number quiet" style={{ whiteSpace: "nowrap" }}>
        {clock(at)} / {clock(length)}
      </Text>
      <Select
        w={72}
        size="xs"
        aria-label={t("replay.speed")}
        data={SPEEDS.map((speed) => ({ value: speed, label: `${speed}×` }))}
        value={String(speed)}
        allowDeselect={false}
        onChange={(chosen) => chosen && hasten(Number(chosen))}
      />
    </Group>
  );
}

/** Minutes and seconds. */
function clock(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
