import type { RunEventBody } from "../../contract/features/run-events.ts";
import { unfinishedSecretLength } from "../../lib/redact.ts";
import type { OutputPosition } from "./store/event-log.ts";

/** Pieces are held for at most this long, or until there are this many characters. */
const joinMs = 50;
/** The first words are shown at once. */
const firstMs = 2;
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
  let isFirst = true;

  function give(isFinal: boolean): void {
    if (timer) clearTimeout(timer);
    timer = null;
    if (held === null) return;
    const kept = isFinal ? 0 : unfinishedSecretLength(held.text);
    const text = held.text.slice(0, held.text.length - kept);
    for (let at = 0; at < text.length;) {
      const end = wholeCharacterEnd(text, at + largestEvent);
      emit({ ...held, text: text.slice(at, end) }, end >= text.length && kept === 0 ? position : null);
      at = end;
    }
    // What is held back waits for the next piece, or for the flush.
    held = kept === 0 ? null : { ...held, text: held.text.slice(held.text.length - kept) };
  }

  function wait(): void {
    timer ??= setTimeout(
      () => {
        timer = null;
        give(false);
      },
      isFirst ? firstMs : joinMs,
    );
    isFirst = false;
  }

  return {
    add(piece, at = null) {
      if (piece.text === "") return;
      if (held !== null && !isSameKind(held, piece)) give(true);
      held = held === null ? piece : { ...piece, text: held.text + piece.text };
      position = at;
      if (held.text.length >= joinCharacters) give(false);
      else wait();
    },
    flush() {
      give(true);
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
