import {
  array,
  type Arbitrary,
  assert,
  constant,
  constantFrom,
  infiniteStream,
  integer,
  oneof,
  property,
  record,
  shuffledSubarray,
  string,
  tuple,
} from "fast-check";
import { describe, expect, it } from "vitest";

import type { RunEvent, RunEventBody, ToolCall } from "./features/run-events.ts";
import { createTranscript, type TranscriptBlock } from "./run-transcript.ts";

function eventsOf(bodies: readonly RunEventBody[]): RunEvent[] {
  return bodies.map((body, index) => ({
    number: index + 1,
    at: new Date(index * 1000).toISOString(),
    body,
  }));
}

function fold(bodies: readonly RunEventBody[]): readonly TranscriptBlock[] {
  const transcript = createTranscript();
  transcript.add(eventsOf(bodies));
  return transcript.blocks;
}

const texts = (blocks: readonly TranscriptBlock[]): string[] =>
  blocks.map((block) => (block.kind === "output" ? block.text : ""));

const call = (callId: string, state: ToolCall["state"], output: string | null = null): RunEventBody => ({
  kind: "tool",
  call: { callId, title: "Read a file", tool: "read", state, input: null, output, edits: [] },
});
const usage = { inputTokens: 1, outputTokens: 2, cachedInputTokens: 0, reasoningTokens: 0, turns: 1, costUsd: null };
const attempt = (number: number): RunEventBody => ({
  kind: "attempt",
  number,
  providerId: "some",
  providerName: "Some",
  model: null,
  reason: "First choice",
});

const body: Arbitrary<RunEventBody> = oneof(
  record({ kind: constantFrom("text" as const, "reasoning" as const, "user" as const), text: string() }),
  record({
    kind: constant("output" as const),
    stream: constantFrom("out" as const, "err" as const),
    text: string({ unit: "grapheme", maxLength: 6_000 }),
  }),
  record({
    kind: constant("plan" as const),
    entries: array(record({ text: string(), state: constantFrom("pending" as const, "succeeded" as const) })),
  }),
  tuple(constantFrom("a", "b", "c"), constantFrom("running" as const, "succeeded" as const)).map(([id, state]) =>
    call(id, state),
  ),
  integer({ min: 1, max: 3 }).map(attempt),
  integer({ min: 1, max: 3 }).map((number): RunEventBody => ({
    kind: "attempt-ended",
    number,
    failure: "timeout",
    message: "late",
    usage,
  })),
  constant<RunEventBody>({ kind: "usage", usage }),
  constant<RunEventBody>({ kind: "state", state: "running", message: null }),
);

const unfinished = (bodies: readonly RunEventBody[]) =>
  fold(bodies).flatMap((block) => (block.kind === "tool" ? [block.isUnfinished] : []));

describe("a transcript", () => {
  it("is the same in whatever order, portions and repetitions its events arrive", () => {
    assert(
      property(
        array(body, { maxLength: 60 }).chain((bodies) => {
          const events = eventsOf(bodies);
          return tuple(
            constant(events),
            shuffledSubarray([...events, ...events], { minLength: events.length * 2 }),
            infiniteStream(integer({ min: 1, max: 7 })),
          );
        }),
        ([events, mixed, sizes]) => {
          const expected = createTranscript();
          expected.add(events);
          const transcript = createTranscript();
          for (let at = 0; at < mixed.length;) {
            const size = Number(sizes.next().value);
            transcript.add(mixed.slice(at, at + size));
            at += size;
          }
          expect(transcript.blocks).toEqual(expected.blocks);
          expect(transcript.last).toBe(events.length);
          expect(transcript.hasGap).toBe(false);
        },
      ),
    );
  });

  it("loses nothing of an output and cuts it at ends of lines, however it was split", () => {
    assert(
      property(array(string({ unit: "grapheme", maxLength: 9_000 }), { maxLength: 12 }), (pieces) => {
        const all = pieces.join("");
        const split = fold(pieces.map((text) => ({ kind: "output", stream: "out", text })));
        const whole = fold([{ kind: "output", stream: "out", text: all }]);
        expect(texts(split).join("")).toBe(all);
        expect(texts(split)).toEqual(texts(whole));
        expect(new Set(split.map(({ key }) => key)).size).toBe(split.length);
      }),
      { numRuns: 50 },
    );
    const lines = Array.from({ length: 1_000 }, (_, index) => `line ${String(index)}\n`).join("");
    const cut = fold([{ kind: "output", stream: "out", text: lines }]);
    expect(cut.length).toBeGreaterThan(1);
    for (const block of cut) expect(block.kind === "output" && block.text.endsWith("\n")).toBe(true);
  });

  it("waits for a missing event and does not show what comes after it", () => {
    const [first, second, third] = eventsOf(["a", "b", "c"].map((text) => ({ kind: "text", text })));
    if (!first || !second || !third) throw new Error("three events");
    const transcript = createTranscript();
    expect(transcript.add([first, third])).toBe(true);
    expect(transcript.blocks).toMatchObject([{ text: "a" }]);
    expect(transcript).toMatchObject({ last: 1, hasGap: true });
    transcript.add([second]);
    expect(transcript.blocks).toMatchObject([{ text: "abc" }]);
    expect(transcript).toMatchObject({ last: 3, hasGap: false });
  });

  it("keeps a tool call in its place while it changes, and one of another attempt apart", () => {
    const blocks = fold([
      attempt(1),
      call("a", "running"),
      { kind: "text", text: "meanwhile" },
      call("a", "succeeded", "done"),
      { kind: "attempt-ended", number: 1, failure: "server-error", message: "500", usage },
      attempt(2),
      call("a", "running"),
    ]);
    expect(blocks.map(({ kind }) => kind)).toEqual(["attempt", "tool", "text", "attempt", "tool"]);
    expect(blocks[0]).toMatchObject({ end: { failure: "server-error", message: "500" } });
    expect(blocks[1]).toMatchObject({ key: "e2", call: { state: "succeeded", output: "done" } });
  });

  it("says of a call that its attempt or its run ended before it did, until more is told of it", () => {
    const over: RunEventBody = { kind: "attempt-ended", number: 1, failure: "crashed", message: null, usage };
    const ended: RunEventBody = { kind: "state", state: "succeeded", message: null };
    const calls = [call("a", "pending"), call("b", "running"), call("c", "succeeded"), call("d", "denied")];
    expect(unfinished([attempt(1), ...calls])).toEqual([false, false, false, false]);
    expect(unfinished([attempt(1), ...calls, over])).toEqual([true, true, false, false]);
    expect(unfinished([attempt(1), ...calls, ended])).toEqual([true, true, false, false]);
    expect(unfinished([attempt(1), ...calls, over, attempt(2), call("a", "running")])).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
    expect(unfinished([attempt(1), call("a", "pending"), over, call("a", "failed")])).toEqual([false]);
  });

  it("knows who said something to the agent; the user when that was not written down", () => {
    const said = fold([
      { kind: "user", text: "Do it" },
      { kind: "user", text: "Go on", speaker: "resume" },
    ]);
    expect(said).toMatchObject([{ speaker: "user" }, { speaker: "resume" }]);
  });

  it("puts the answer to the question and leaves out states that are no end", () => {
    const request = {
      requestId: "q",
      askedAt: "2026-11-21T10:00:00.000Z",
      folder: "/tmp",
      call: {
        callId: "c",
        title: "Run ls",
        tool: "execute" as const,
        state: "pending" as const,
        input: null,
        output: null,
        edits: [],
      },
      options: [{ optionId: "yes", name: "Allow", kind: "allow-once" as const }],
    };
    const blocks = fold([
      { kind: "state", state: "queued", message: "Waits for a free slot" },
      { kind: "state", state: "running", message: null },
      { kind: "asked", request },
      { kind: "state", state: "waiting", message: null },
      { kind: "answered", requestId: "q", optionId: "yes", isAllowed: true, by: "You", reason: null },
      { kind: "state", state: "succeeded", message: null },
    ]);
    expect(blocks).toMatchObject([
      { kind: "question", answer: { isAllowed: true, by: "You" }, isWithdrawn: false },
      { kind: "state", state: "succeeded" },
    ]);
    const ended = { kind: "state", state: "interrupted", message: "It went away" } as const;
    expect(fold([{ kind: "asked", request }])).toMatchObject([{ answer: null, isWithdrawn: false }]);
    expect(fold([{ kind: "asked", request }, ended])[0]).toMatchObject({ answer: null, isWithdrawn: true });
  });
});
