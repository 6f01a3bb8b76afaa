import type { RunEventBody } from "../../contract/features/run-events.ts";
import { redact, redactBehind, redactedMark, showableLength, unfinishedSecretLength } from "../../lib/redact.ts";
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

/** The end of what was given out of one kind, as far as a secret may have begun there. */
interface Told {
  text: string;
  /** Not all of that was shown, but the mark in its place. */
  isMarked: boolean;
}
const nothingTold: Told = { text: "", isMarked: false };

export interface TextJoiner {
  add(piece: TextPiece, position?: OutputPosition | null): void;
  /** Takes note of what a former process has given out: a secret may have begun there. */
  recall(piece: TextPiece): void;
  /** What a former process has given out although it will come once more: it is not given out again. */
  expect(piece: TextPiece): void;
  /** Gives out what is held; of an end that looks like the beginning of a secret only what says nothing of it. */
  flush(): void;
}

/** Joins pieces of text into events of a size worth writing, and keeps secrets that come in pieces together. */
export function createTextJoiner(emit: (body: RunEventBody, position: OutputPosition | null) => void): TextJoiner {
  let held: TextPiece | null = null;
  let position: OutputPosition | null = null;
  let timer: NodeJS.Timeout | null = null;
  let idle: NodeJS.Timeout | null = null;
  let isFirst = true;
  const told = new Map<string, Told>();
  /** What comes once more, by kind. */
  const expected = new Map<string, string>();

  function give(when: "joined" | "idle" | "final"): void {
    clear();
    if (held === null) return;
    const { text } = held;
    const before = told.get(kindOf(held)) ?? nothingTold;
    const whole = before.text + text;
    const unfinished = unfinishedSecretLength(whole);
    const showable = when === "joined" ? whole.length : showableLength(whole);
    const isKept = when === "joined" || (when === "idle" && showable < whole.length);
    const kept = isKept ? Math.min(unfinished, text.length) : 0;
    const isHidden = !isKept && showable < whole.length;
    // The mark of a secret that goes on is there already.
    const isSame = before.isMarked && whole.length - unfinished < before.text.length;
    const end = isHidden ? Math.max(0, showable - before.text.length) : text.length - kept;
    const shown = redactBehind(before.text, text.slice(0, end), before.isMarked ? "" : redactedMark);
    emitPieces(held, isHidden && !isSame ? shown + redactedMark : shown, kept === 0 ? position : null);
    if (end > 0 || isHidden)
      told.set(kindOf(held), {
        text: kept === 0 ? whole.slice(whole.length - unfinished) : "",
        isMarked: isHidden,
      });
    // What is held back waits for the next piece, or for the flush.
    held = kept === 0 ? null : { ...held, text: text.slice(end) };
    if (kept > 0 && when === "joined")
      idle = setTimeout(() => {
        give("idle");
      }, idleMs);
  }

  function emitPieces(piece: TextPiece, given: string, at: OutputPosition | null): void {
    // Where it is cut, half of a secret would not be known for one.
    const text = given.length > largestEvent ? redact(given) : given;
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

  /** What of a piece was not given out before. */
  function newOf(piece: TextPiece): TextPiece {
    const kind = kindOf(piece);
    const known = expected.get(kind) ?? "";
    const length = Math.min(known.length, piece.text.length);
    expected.delete(kind);
    // Where something was hidden it looks different: told twice rather than not at all.
    if (length === 0 || !piece.text.startsWith(known.slice(0, length))) return piece;
    expected.set(kind, known.slice(length));
    recall({ ...piece, text: piece.text.slice(0, length) });
    return { ...piece, text: piece.text.slice(length) };
  }

  function recall(piece: TextPiece): void {
    const whole = (told.get(kindOf(piece)) ?? nothingTold).text + piece.text;
    const text = whole.slice(whole.length - unfinishedSecretLength(whole));
    told.set(kindOf(piece), { text, isMarked: showableLength(whole) < whole.length });
  }

  return {
    add(given, at = null) {
      const piece = newOf(given);
      if (piece.text === "") return;
      if (held !== null && kindOf(held) !== kindOf(piece)) give("final");
      held = held === null ? piece : { ...piece, text: held.text + piece.text };
      position = at;
      if (held.text.length >= joinCharacters) give("joined");
      else wait();
    },
    recall,
    expect(piece) {
      expected.set(kindOf(piece), (expected.get(kindOf(piece)) ?? "") + piece.text);
    },
    flush() {
      give("final");
    },
  };
}

function kindOf(piece: TextPiece): string {
  return piece.kind === "output" ? `${piece.kind} ${piece.stream}` : piece.kind;
}

/** `end`, or one less when it would cut a surrogate pair in two. */
function wholeCharacterEnd(text: string, end: number): number {
  if (end >= text.length) return text.length;
  const code = text.charCodeAt(end - 1);
  return code >= 0xd800 && code <= 0xdbff ? end - 1 : end;
}
