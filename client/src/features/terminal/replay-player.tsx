import { ActionIcon, Button } from "@mantine/core";
import { IconPlayerPause, IconPlayerPlay } from "../../ui/icons.gen.ts";
import { Terminal } from "@xterm/xterm";
import { useEffect, useMemo, useRef, useState } from "react";

import { formatDuration } from "../../lib/format.ts";
import { parseCast, type Cast } from "./cast.ts";
import classes from "./sheets.module.css";
import { useTerminalSettings } from "./terminal-settings.ts";

const speeds = [1, 2, 4];
const tickMs = 33;

/** Plays a recording: pause, seek, speed. Long pauses are shortened. */
export function ReplayPlayer({ text }: { text: string }) {
  const cast = useMemo(() => parseCast(text), [text]);
  const host = useRef<HTMLDivElement>(null);
  const player = useRef<Player | null>(null);
  const shownMs = useRef(0);
  const { settings, colors } = useTerminalSettings();
  const [atMs, setAtMs] = useState(0);
  const [isPlaying, setIsPlaying] = useState(true);
  const [speed, setSpeed] = useState(1);

  useEffect(() => {
    if (!host.current) return undefined;
    const terminal = new Terminal({
      cols: cast.cols,
      rows: cast.rows,
      fontSize: Math.min(13, settings.fontSize),
      theme: colors,
      disableStdin: true,
      scrollback: 0,
    });
    terminal.open(host.current);
    player.current = createPlayer(terminal, cast);
    player.current.showAt(shownMs.current);
    return () => {
      terminal.dispose();
    };
  }, [cast, colors, settings.fontSize]);

  useEffect(() => {
    if (!isPlaying) return undefined;
    const timer = setInterval(() => {
      setAtMs((now) => {
        const next = Math.min(cast.durationMs, now + tickMs * speed);
        if (next === cast.durationMs) setIsPlaying(false);
        return next;
      });
    }, tickMs);
    return () => {
      clearInterval(timer);
    };
  }, [isPlaying, speed, cast]);

  useEffect(() => {
    shownMs.current = atMs;
    player.current?.showAt(atMs);
  }, [atMs]);

  return (
    <div className={classes["player"]} role="group" aria-label="Replay">
      <div ref={host} className={classes["screen"]} style={{ background: colors.background }} />
      <div className={classes["controls"]}>
        <ActionIcon
          aria-label={isPlaying ? "Pause" : "Play"}
          onClick={() => {
            if (!isPlaying && atMs >= cast.durationMs) setAtMs(0);
            setIsPlaying(!isPlaying);
          }}
        >
          {isPlaying ? <IconPlayerPause size={17} /> : <IconPlayerPlay size={17} />}
        </ActionIcon>
        <input
          type="range"
          aria-label="Position"
          className={classes["seek"]}
          min={0}
          max={Math.max(1, Math.round(cast.durationMs))}
          value={Math.round(atMs)}
          onChange={(event) => {
            setAtMs(Number(event.currentTarget.value));
          }}
        />
        <span className="tabular dim">
          {formatDuration(atMs)} / {formatDuration(cast.durationMs)}
        </span>
        <Button
          aria-label={`Speed ${String(speed)} times`}
          onClick={() => {
            setSpeed(speeds[(speeds.indexOf(speed) + 1) % speeds.length] ?? 1);
          }}
        >
          {speed}×
        </Button>
      </div>
    </div>
  );
}

interface Player {
  showAt(atMs: number): void;
}

function createPlayer(terminal: Terminal, cast: Cast): Player {
  let next = 0;
  let shownMs = 0;
  return {
    showAt(atMs) {
      if (atMs < shownMs) {
        terminal.reset();
        terminal.resize(cast.cols, cast.rows);
        next = 0;
      }
      shownMs = atMs;
      for (let event = cast.events[next]; event && event.atMs <= atMs; event = cast.events[next]) {
        next += 1;
        if (event.kind === "output") terminal.write(event.data);
        else {
          const [cols, rows] = event.data.split("x").map(Number);
          if (cols && rows && cols <= 1000 && rows <= 1000) terminal.resize(cols, rows);
        }
      }
    },
  };
}
