// A web page as it was recorded: drawn into a frame in which no script runs, from what the recording has and nothing else.
import "@rrweb/replay/dist/style.css";

import { Text } from "@mantine/core";
import { unpack } from "@rrweb/packer/unpack";
import { Replayer } from "@rrweb/replay";
import { useEffect, useRef, useState } from "react";

import { useText } from "../../i18n";
import { Controls } from "./Player";

const TICK_MS = 200;
/** What rrweb calls the picture of the whole page, from which everything goes on. */
const WHOLE_PAGE = 2;

type Events = ConstructorParameters<typeof Replayer>[0];

export function WebReplay({ events, isPacked }: { events: unknown[]; isPacked: boolean }) {
  const { t } = useText();
  const stage = useRef<HTMLDivElement>(null);
  const replayer = useRef<Replayer>(undefined);
  // Nothing can be shown before the first whole page.
  const beginning = useRef(0);
  const [length, setLength] = useState(0);
  const [at, setAt] = useState(0);
  const [isPlaying, setPlaying] = useState(false);
  const [speed, setSpeed] = useState(1);
  const [isBroken, setBroken] = useState(false);

  useEffect(() => {
    const root = stage.current;
    if (!root) return;
    let made: Replayer;
    try {
      const plain = (isPacked ? events.map((event) => unpack(event as string)) : events) as Events;
      made = new Replayer(plain, { root, skipInactive: true, showWarning: false, mouseTail: false });
      const whole = plain.find((event) => (event as { type?: number }).type === WHOLE_PAGE) as { timestamp?: number } | undefined;
      beginning.current = (whole?.timestamp ?? 0) - made.getMetaData().startTime + 1;
      made.pause(0);
    } catch {
      setBroken(true);
      return;
    }
    replayer.current = made;
    const { totalTime } = made.getMetaData();
    setLength(totalTime);
    made.on("finish", () => {
      setPlaying(false);
      setAt(totalTime);
    });
    const fit = () => fitInto(root, made.wrapper);
    made.on("resize", fit);
    const watch = new ResizeObserver(fit);
    watch.observe(root);
    fit();
    return () => {
      watch.disconnect();
      made.destroy();
    };
  }, [events, isPacked]);

  const title = t("replay.page");
  useEffect(() => {
    if (replayer.current) replayer.current.iframe.title = title;
  }, [title, length]);

  useEffect(() => {
    if (!isPlaying) return;
    const timer = setInterval(() => setAt(replayer.current?.getCurrentTime() ?? 0), TICK_MS);
    return () => clearInterval(timer);
  }, [isPlaying]);

  const play = () => {
    const from = at >= length ? 0 : at;
    replayer.current?.play(from);
    setPlaying(true);
  };
  const pause = () => {
    replayer.current?.pause();
    setPlaying(false);
  };
  const seek = (to: number) => {
    setAt(to);
    const shown = Math.max(to, beginning.current);
    if (isPlaying) replayer.current?.play(shown);
    else replayer.current?.pause(shown);
  };
  const hasten = (speed: number) => {
    setSpeed(speed);
    replayer.current?.setConfig({ speed });
  };
  if (isBroken) return <Text role="alert">{t("replay.broken")}</Text>;
  return (
    <>
      <div ref={stage} className="replay" />
      <Controls {...{ isPlaying, at, length, speed, play, pause, seek, hasten }} />
      <Text size="xs" className="quiet" mt="xs">
        {t("replay.hint")}
      </Text>
    </>
  );
}

/** Makes a page of any size as wide as there is room, and no larger than it was. */
function fitInto(root: HTMLElement, page: HTMLElement): void {
  const frame = page.querySelector("iframe");
  const width = Number(frame?.width) || frame?.offsetWidth || 1;
  const height = Number(frame?.height) || frame?.offsetHeight || 1;
  const scale = Math.min(1, root.clientWidth / width);
  page.style.transform = `scale(${scale})`;
  root.style.height = `${height * scale}px`;
}
