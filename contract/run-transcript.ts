import type { RunEvent, RunState, Speaker, ToolCall, Usage, PermissionRequest } from "./features/run-events.ts";
import type { FailureKind } from "./features/providers.ts";

/** Whether a run in this state has not ended. */
export function isOpenState(state: RunState): boolean {
  return state === "created" || state === "queued" || state === "running" || state === "waiting";
}

/** What stands over what was said to an agent. */
export const speakerWords: Record<Speaker, string> = {
  user: "You",
  resume: "PortOS, so that it goes on",
  repeat: "Said once more by PortOS, so that it goes on",
};

/** How an attempt ended. */
export interface AttemptEnd {
  readonly at: string;
  readonly failure: FailureKind | null;
  readonly message: string | null;
  readonly usage: Usage;
}

/** What became of a question. */
export interface Answer {
  readonly at: string;
  readonly isAllowed: boolean;
  readonly by: string;
  readonly reason: string | null;
}

/** One part of a transcript as a person reads it. `key` stays the same while the part grows. */
export type TranscriptBlock = { readonly key: string; readonly at: string } & (
  | { readonly kind: "user"; readonly text: string; readonly speaker: Speaker }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "reasoning"; readonly text: string }
  | { readonly kind: "output"; readonly stream: "out" | "err"; readonly text: string }
  | {
      readonly kind: "plan";
      readonly entries: readonly { readonly text: string; readonly state: "pending" | "running" | "succeeded" }[];
    }
  | {
      readonly kind: "tool";
      readonly call: ToolCall;
      readonly lastAt: string;
      /** Its attempt, or the run, is over without a word of how it ended. */
      readonly isUnfinished: boolean;
    }
  | {
      readonly kind: "question";
      readonly request: PermissionRequest;
      readonly answer: Answer | null;
      /** The run has ended without an answer, so that nothing waits for one. */
      readonly isWithdrawn: boolean;
    }
  | { readonly kind: "notice"; readonly level: "info" | "warning" | "error"; readonly text: string }
  | {
      readonly kind: "attempt";
      readonly number: number;
      readonly providerId: string;
      readonly providerName: string;
      readonly model: string | null;
      readonly reason: string;
      readonly end: AttemptEnd | null;
    }
  | { readonly kind: "state"; readonly state: RunState; readonly message: string | null }
);

/** Events of one run folded into blocks. A block that changes is a new object in the same place. */
export interface Transcript {
  readonly blocks: readonly TranscriptBlock[];
  /** Number of the last event folded in; all before it are in, too. */
  readonly last: number;
  /** Events that wait for one with a lower number. */
  readonly hasGap: boolean;
  /** Takes events in any order, split anyhow, some of them twice; answers whether a block changed. */
  add(events: readonly RunEvent[]): boolean;
}

const maxOutput = 8_192;

/** Blocks in their order, and the ways in which they grow. */
function createBlockList() {
  const blocks: TranscriptBlock[] = [];
  /** Place of blocks that may change later, by what they are about. */
  const places = new Map<string, number>();

  function push(block: TranscriptBlock, about?: string): void {
    if (about !== undefined) places.set(about, blocks.length);
    blocks.push(block);
  }

  function replace(about: string, make: (block: TranscriptBlock) => TranscriptBlock): boolean {
    const index = places.get(about);
    const block = index === undefined ? undefined : blocks[index];
    if (index === undefined || !block) return false;
    blocks[index] = make(block);
    return true;
  }

  /** What was asked and not answered is not waited for any more. */
  function withdraw(): void {
    for (const [index, block] of blocks.entries())
      if (block.kind === "question" && block.answer === null) blocks[index] = { ...block, isWithdrawn: true };
  }

  /** Nothing more comes of calls that were under way. */
  function leave(): void {
    for (const [index, block] of blocks.entries())
      if (block.kind === "tool" && (block.call.state === "pending" || block.call.state === "running"))
        blocks[index] = { ...block, isUnfinished: true };
  }

  function addText({ number, at }: RunEvent, kind: "text" | "reasoning", text: string): boolean {
    if (text === "") return false;
    const previous = blocks.at(-1);
    if (previous?.kind === kind) blocks[blocks.length - 1] = { ...previous, text: previous.text + text };
    else push({ kind, key: `e${String(number)}`, at, text });
    return true;
  }

  /** Output is cut into blocks of a size, at ends of lines where there are some, however it arrived. */
  function addOutput({ number, at }: RunEvent, stream: "out" | "err", text: string): boolean {
    if (text === "") return false;
    const previous = blocks.at(-1);
    const isMore = previous?.kind === "output" && previous.stream === stream;
    let key = isMore ? previous.key : `e${String(number)}`;
    let rest = isMore ? previous.text + text : text;
    let since = isMore ? previous.at : at;
    if (isMore) blocks.pop();
    while (rest.length > maxOutput) {
      const end = rest.lastIndexOf("\n", maxOutput - 1) + 1 || wholeCharacters(rest, maxOutput);
      push({ kind: "output", key, at: since, stream, text: rest.slice(0, end) });
      rest = rest.slice(end);
      key = nextKey(key);
      since = at;
    }
    if (rest !== "") push({ kind: "output", key, at: since, stream, text: rest });
    return true;
  }

  return { blocks, push, replace, withdraw, leave, addText, addOutput };
}

/** An empty transcript. */
export function createTranscript(): Transcript {
  const list = createBlockList();
  const early = new Map<number, RunEvent>();
  let last = 0;
  let attempt = 0;
  let turn = 0;

  function apply(event: RunEvent): boolean {
    const { number, at, body } = event;
    const key = `e${String(number)}`;
    switch (body.kind) {
      case "user":
        turn += 1;
        list.push({ kind: "user", key, at, text: body.text, speaker: body.speaker ?? "user" });
        return true;
      case "text":
      case "reasoning":
        return list.addText(event, body.kind, body.text);
      case "output":
        return list.addOutput(event, body.stream, body.text);
      case "plan": {
        const { entries } = body;
        const about = `plan:${String(attempt)}:${String(turn)}`;
        if (!list.replace(about, (block) => ({ kind: "plan", key: block.key, at: block.at, entries })))
          list.push({ kind: "plan", key, at, entries }, about);
        return true;
      }
      case "tool": {
        const { call } = body;
        const about = `tool:${String(attempt)}:${call.callId}`;
        const facts = { kind: "tool" as const, lastAt: at, call, isUnfinished: false };
        if (!list.replace(about, (block) => ({ ...facts, key: block.key, at: block.at })))
          list.push({ ...facts, key, at }, about);
        return true;
      }
      case "asked":
        list.push(
          { kind: "question", key, at, request: body.request, answer: null, isWithdrawn: false },
          `question:${body.request.requestId}`,
        );
        return true;
      case "answered":
        return list.replace(`question:${body.requestId}`, (block) =>
          block.kind === "question"
            ? { ...block, answer: { at, isAllowed: body.isAllowed, by: body.by, reason: body.reason } }
            : block,
        );
      case "attempt": {
        const { kind: _, ...facts } = body;
        attempt = body.number;
        list.push({ kind: "attempt", key, at, ...facts, end: null }, `attempt:${String(body.number)}`);
        return true;
      }
      case "attempt-ended": {
        const { failure, message, usage } = body;
        list.leave();
        return list.replace(`attempt:${String(body.number)}`, (block) =>
          block.kind === "attempt" ? { ...block, end: { at, failure, message, usage } } : block,
        );
      }
      case "notice":
        list.push({ kind: "notice", key, at, level: body.level, text: body.text });
        return true;
      case "state":
        // Only an end is part of the story; waiting in line and going on show in what happens next.
        if (isOpenState(body.state)) return false;
        list.withdraw();
        list.leave();
        list.push({ kind: "state", key, at, state: body.state, message: body.message });
        return true;
      case "usage":
        break; // belongs to the run, not to its story
    }
    return false;
  }

  return {
    blocks: list.blocks,
    get last() {
      return last;
    },
    get hasGap() {
      return early.size > 0;
    },
    add(events) {
      let isChanged = false;
      for (const event of events) if (event.number > last) early.set(event.number, event);
      for (let next = early.get(last + 1); next; next = early.get(last + 1)) {
        early.delete(next.number);
        last = next.number;
        if (apply(next)) isChanged = true;
      }
      return isChanged;
    },
  };
}

/** "e12" → "e12.1" → "e12.2" */
function nextKey(key: string): string {
  const [start = key, part = "0"] = key.split(".");
  return `${start}.${String(Number(part) + 1)}`;
}

/** Where to cut so that no pair of surrogates is torn. */
function wholeCharacters(text: string, at: number): number {
  const code = text.charCodeAt(at - 1);
  return code >= 0xd800 && code <= 0xdbff ? at - 1 : at;
}
