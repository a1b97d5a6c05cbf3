// The screens of an app, picture after picture.
import { Text } from "@mantine/core";
import { useEffect, useState } from "react";

import { useText } from "../../i18n";
import { Controls } from "./Player";

/** A picture of a screen, as a phone sends it. */
export interface Frame {
  url?: string;
  screenname?: string;
}

/** Where the recording does not say how far apart its pictures are. */
const INTERVAL_MS = 1000;

export function Frames({ frames, interval = INTERVAL_MS }: { frames: Frame[]; interval?: number }) {
  const { t } = useText();
  const step = Math.max(interval, 100);
  const last = (frames.length - 1) * step;
  const [at, setAt] = useState(0);
  const [isPlaying, setPlaying] = useState(false);
  const [speed, setSpeed] = useState(1);
  useEffect(() => {
    if (!isPlaying) return;
    const timer = setTimeout(() => {
      if (at >= last) setPlaying(false);
      else setAt(at + step);
    }, step / speed);
    return () => clearTimeout(timer);
  }, [isPlaying, at, last, step, speed]);
  const frame = frames[Math.min(Math.round(at / step), frames.length - 1)];
  const url = frame?.url ?? "";
  // Others would learn who looks at it.
  const isOurs = URL.canParse(url) && new URL(url).origin === location.origin;
  const play = () => {
    if (at >= last) setAt(0);
    setPlaying(true);
  };
  return (
    <>
      <div className="replay" style={{ textAlign: "center" }}>
        {isOurs ? <img src={url} alt={frame?.screenname || t("replay.screen")} style={{ maxHeight: "65vh", maxWidth: "100%" }} /> : <Text p="xl">{t("replay.elsewhere")}</Text>}
      </div>
      <Text size="sm" className="quiet" mt={4}>
        {frame?.screenname}
      </Text>
      <Controls {...{ isPlaying, at, length: last, speed, play }} pause={() => setPlaying(false)} seek={setAt} hasten={setSpeed} />
    </>
  );
}
