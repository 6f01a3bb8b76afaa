import { Button } from "@mantine/core";
import { IconArrowsDiagonalMinimize2, IconPlayerRecordFilled } from "../../ui/icons.gen.ts";
import { useEffect, useRef, type TouchEvent } from "react";

import type { SessionInfo } from "../../../../contract/internal/cos.ts";
import { endText } from "./session-text.ts";
import classes from "./terminal-pane.module.css";
import type { useTerminalSettings } from "./terminal-settings.ts";
import { usePane } from "./use-pane.ts";
import { paneOf, setFocusedPane } from "./pane-control.ts";

interface TerminalPaneProps {
  session: SessionInfo;
  settings: ReturnType<typeof useTerminalSettings>;
  isFocused: boolean;
  onFocus: () => void;
  /** Closes the ended session. */
  onClose: () => void;
  /** Starts another shell in the same folder. */
  onAgain: () => void;
  onKeep: () => void;
}

/** One terminal, and what there is to say about it: connecting, lost, ended, shared size, recording. */
export function TerminalPane({ session, settings, isFocused, onFocus, onClose, onAgain, onKeep }: TerminalPaneProps) {
  const host = useRef<HTMLDivElement>(null);
  const { state, size, unlock } = usePane({
    element: host,
    session,
    settings: settings.settings,
    colors: settings.colors,
    isFocused,
  });
  const pinch = usePinch(settings.settings.fontSize, (fontSize) => {
    settings.change({ fontSize });
  });
  useEffect(() => {
    if (isFocused) setFocusedPane(session.id);
    if (isFocused && matchMedia("(hover: hover)").matches) paneOf(session.id)?.focus();
  }, [isFocused, session.id]);
  const isOver = session.state === "ended" || session.state === "interrupted";
  const isSmaller =
    size !== null && session.viewers > 1 && (size.shared.cols < size.own.cols || size.shared.rows < size.own.rows);
  return (
    <section
      className={classes["pane"]}
      aria-label={`Terminal ${session.name}`}
      data-focused={isFocused || undefined}
      style={{ background: settings.colors.background }}
      onFocus={onFocus}
      onPointerDown={onFocus}
    >
      <div
        ref={host}
        className={classes["host"]}
        data-keys="captured"
        data-testid="terminal"
        onClick={() => paneOf(session.id)?.focus()}
        {...pinch}
      />
      <div className={classes["notes"]}>
        {session.isRecorded ? (
          <span className={classes["note"]} data-tone="bad">
            <IconPlayerRecordFilled size={12} /> Recording
          </span>
        ) : null}
        {isSmaller ? (
          <span className={classes["note"]} title="The smallest window decides; change it under Size in the menu">
            <IconArrowsDiagonalMinimize2 size={12} /> {size.shared.cols} × {size.shared.rows} from another device
          </span>
        ) : null}
        {state.kind === "connecting" ? (
          <span className={classes["note"]} role="status">
            Connecting…
          </span>
        ) : null}
      </div>
      {state.kind === "lost" ? (
        <p className={classes["banner"]} role="status" data-tone="warn">
          {state.reason} It goes on by itself as soon as it can; the screen is as it was.
        </p>
      ) : null}
      {state.kind === "locked" ? (
        <p className={classes["banner"]} role="status" data-tone="warn">
          {state.reason}. <Button onClick={unlock}>Enter the PIN</Button>
        </p>
      ) : null}
      {session.state === "closing" ? (
        <p className={classes["banner"]} role="status" data-tone="warn">
          Closing in a moment. <Button onClick={onKeep}>Keep it</Button>
        </p>
      ) : null}
      {isOver ? (
        <p className={classes["banner"]} role="status">
          {endText(session)} <Button onClick={onAgain}>New shell here</Button> <Button onClick={onClose}>Close</Button>
        </p>
      ) : null}
    </section>
  );
}

/** Two fingers change the font size. */
function usePinch(fontSize: number, onChange: (fontSize: number) => void) {
  const start = useRef<{ distance: number; fontSize: number } | null>(null);
  return {
    onTouchStart(event: TouchEvent) {
      const distance = fingerDistance(event);
      start.current = distance === null ? null : { distance, fontSize };
    },
    onTouchMove(event: TouchEvent) {
      const distance = fingerDistance(event);
      if (distance === null || start.current === null) return;
      const next = Math.round((start.current.fontSize * distance) / start.current.distance);
      if (next !== fontSize) onChange(next);
    },
    onTouchEnd() {
      start.current = null;
    },
  };
}

function fingerDistance({ touches }: TouchEvent): number | null {
  const [first, second] = [touches[0], touches[1]];
  if (!first || !second) return null;
  return Math.hypot(first.clientX - second.clientX, first.clientY - second.clientY);
}
