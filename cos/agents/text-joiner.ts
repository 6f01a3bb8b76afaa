import type { RunEventBody } from "../../contract/features/run-events.ts";
import { isHarmlessBeginning, redactBehind, unfinishedSecretLength } from "../../lib/redact.ts";
import type { OutputPosition } from "./store/event-log.ts";

/** Pieces are held for at most this long, or until there are this many characters. */
const joinMs = 50;
/** The first words are shown at once. */
const firstMs = 2;
/** What looks like the beginning of a secret waits so long for the rest of it. */
const idleMs = 2_000;
const joinCharacters = 4_096;
const largestEvent = 64 * 1024;

/** A piece of running text; pieces of the same kind in a row become one event. */
export type TextPiece =
  { kind: "text" | "reasoning"; text: string } | { kind: "output"; stream: "out" | "err"; text: string };

export interface TextJoiner {
  add(piece: TextPiece, position?: OutputPosition | null): void;
  /** Gives out what is held, also the end that looks like the beginning of a secret. */
  flush(): void;
}

/** Joins pieces of text into events of a size worth writing, and keeps secrets that come in pieces together. */
export function createTextJoiner(emit: (body: RunEventBody, position: OutputPosition | null) => void): TextJoiner {
  let held: TextPiece | null = null;
  let position: OutputPosition | null = null;
  let timer: NodeJS.Timeout | null = null;
  let idle: NodeJS.Timeout | null = null;
  let isFirst = true;
  /** The end of what was given out, as far as a secret may have begun there. */
  let told: { piece: TextPiece; text: string } | null = null;

  function give(when: "joined" | "idle" | "final"): void {
    clear();
    if (held === null) return;
    const before = told !== null && isSameKind(told.piece, held) ? told.text : "";
    const whole = before + held.text;
    const unfinished = unfinishedSecretLength(whole);
    const isKept = when === "joined" || (when === "idle" && !isHarmlessBeginning(whole));
    const kept = isKept ? Math.min(unfinished, held.text.length) : 0;
    const end = held.text.length - kept;
    emitPieces(held, redactBehind(before, held.text.slice(0, end)), kept === 0 ? position : null);
    if (end > 0) told = { piece: held, text: kept === 0 ? whole.slice(whole.length - unfinished) : "" };
    // What is held back waits for the next piece, or for the flush.
    held = kept === 0 ? null : { ...held, text: held.text.slice(end) };
    if (kept > 0 && when === "joined")
      idle = setTimeout(() => {
        give("idle");
      }, idleMs);
  }

  function emitPieces(piece: TextPiece, text: string, at: OutputPosition | null): void {
    for (let from = 0; from < text.length;) {
      const end = wholeCharacterEnd(text, from + largestEvent);
      emit({ ...piece, text: text.slice(from, end) }, end >= text.length ? at : null);
      from = end;
    }
  }

  function clear(): void {
    if (timer) clearTimeout(timer);
    if (idle) clearTimeout(idle);
    timer = idle = null;
  }

  function wait(): void {
    timer ??= setTimeout(
      () => {
        give("joined");
      },
      isFirst ? firstMs : joinMs,
    );
    isFirst = false;
  }

  return {
    add(piece, at = null) {
      if (piece.text === "") return;
      if (held !== null && !isSameKind(held, piece)) give("final");
      held = held === null ? piece : { ...piece, text: held.text + piece.text };
      position = at;
      if (held.text.length >= joinCharacters) give("joined");
      else wait();
    },
    flush() {
      give("final");
    },
  };
}

function isSameKind(one: TextPiece, other: TextPiece): boolean {
  if (one.kind === "output" && other.kind === "output") return one.stream === other.stream;
  return one.kind === other.kind;
}

/** `end`, or one less when it would cut a surrogate pair in two. */
function wholeCharacterEnd(text: string, end: number): number {
  if (end >= text.length) return text.length;
  const code = text.charCodeAt(end - 1);
  return code >= 0xd800 && code <= 0xdbff ? end - 1 : end;
}
