import { useEffect, useRef, useState } from "react";

import { useObservable } from "../../lib/observable.ts";
import { readChoices, type Choice } from "./choice-hint.ts";
import { keyRows, keySequence, repeatingKeys, type BarKey } from "./key-codes.ts";
import classes from "./key-bar.module.css";
import { onPanes, paneOf, type PaneControl } from "./pane-control.ts";
import { stickyKeys, takeModifiers, tapModifier } from "./sticky-keys.ts";

const repeatAfterMs = 400;
const repeatEveryMs = 60;
const names: Partial<Record<BarKey, string>> = {
  "↑": "Up",
  "↓": "Down",
  "←": "Left",
  "→": "Right",
  "^C": "Control C",
  "|": "Pipe",
  "/": "Slash",
  "~": "Tilde",
  "-": "Dash",
};

/** Keys a phone's keyboard lacks, in two rows above it, and answers the screen seems to ask for. */
export function KeyBar({ session }: { session: string }) {
  const sticky = useObservable(stickyKeys);
  const choices = useChoices(session);
  const press = (key: BarKey): void => {
    const pane = paneOf(session);
    if (!pane) return;
    pane.type(keySequence(key, takeModifiers(), pane.view.terminal.modes.applicationCursorKeysMode));
  };
  return (
    <div className={classes["bar"]} role="toolbar" aria-label="Terminal keys">
      {choices.length === 0 ? null : (
        <div className={classes["choices"]} role="group" aria-label="Answers the screen seems to ask for">
          {choices.map((choice) => (
            <HoldKey
              key={choice.label}
              label={choice.label}
              className={classes["choice"]}
              onPress={() => paneOf(session)?.type(choice.send)}
            />
          ))}
        </div>
      )}
      {keyRows.map((row) => (
        <div key={row[0]} className={classes["row"]}>
          {row.map((key) =>
            key === "Ctrl" || key === "Alt" ? (
              <HoldKey
                key={key}
                label={key}
                state={sticky[key === "Ctrl" ? "ctrl" : "alt"]}
                onPress={() => {
                  tapModifier(key === "Ctrl" ? "ctrl" : "alt", performance.now());
                }}
              />
            ) : (
              <HoldKey
                key={key}
                label={key}
                name={names[key]}
                isRepeating={repeatingKeys.has(key)}
                onPress={() => {
                  press(key);
                }}
              />
            ),
          )}
        </div>
      ))}
    </div>
  );
}

interface HoldKeyProps {
  label: string;
  name?: string | undefined;
  className?: string | undefined;
  state?: "off" | "next" | "locked";
  isRepeating?: boolean;
  onPress: () => void;
}

/** A key that acts when it is touched, without taking the focus, and repeats while it is held. */
function HoldKey({ label, name, className, state, isRepeating = false, onPress }: HoldKeyProps) {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const release = (): void => {
    clearTimeout(timer.current);
  };
  useEffect(
    () => () => {
      clearTimeout(timer.current);
    },
    [],
  );
  const repeat = (): void => {
    onPress();
    timer.current = setTimeout(repeat, repeatEveryMs);
  };
  return (
    <button
      type="button"
      tabIndex={-1}
      className={className ?? classes["key"]}
      aria-label={name}
      aria-pressed={state === undefined ? undefined : state !== "off"}
      data-state={state}
      onPointerDown={(event) => {
        event.preventDefault(); // the keyboard stays open: the terminal keeps the focus
        onPress();
        if (isRepeating) timer.current = setTimeout(repeat, repeatAfterMs);
      }}
      onPointerUp={release}
      onPointerCancel={release}
      onPointerLeave={release}
      onClick={(event) => {
        if (event.detail === 0) onPress(); // by keyboard or a screen reader: no pointer was down
      }}
      onContextMenu={(event) => {
        event.preventDefault();
      }}
    >
      {label}
    </button>
  );
}

const lookAfterMs = 200;
const lookedLines = 12;

/** Answers to what stands above the cursor, looked for when the output has settled. */
function useChoices(session: string): readonly Choice[] {
  const [choices, setChoices] = useState<readonly Choice[]>([]);
  useEffect(() => {
    let stopListening = (): void => undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const follow = (): void => {
      stopListening();
      const pane = paneOf(session);
      if (!pane) return;
      const listener = pane.view.terminal.onWriteParsed(() => {
        clearTimeout(timer);
        timer = setTimeout(() => {
          setChoices(readChoices(linesAboveCursor(pane)));
        }, lookAfterMs);
      });
      stopListening = () => {
        listener.dispose();
      };
    };
    follow();
    const stopPanes = onPanes(follow);
    return () => {
      stopPanes();
      stopListening();
      clearTimeout(timer);
      setChoices([]);
    };
  }, [session]);
  return choices;
}

function linesAboveCursor({ view }: PaneControl): string[] {
  const buffer = view.terminal.buffer.active;
  const last = buffer.baseY + buffer.cursorY;
  const first = Math.max(0, last - lookedLines + 1);
  return Array.from(
    { length: last - first + 1 },
    (_, index) => buffer.getLine(first + index)?.translateToString(true) ?? "",
  );
}
