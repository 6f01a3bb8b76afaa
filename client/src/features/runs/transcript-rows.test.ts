import { describe, expect, it } from "vitest";

import type { RunEvent, RunEventBody } from "../../../../contract/features/run-events.ts";
import { createTranscript } from "../../../../contract/run-transcript.ts";
import { findRows, transcriptRows } from "./transcript-rows.ts";

function eventsOf(bodies: readonly RunEventBody[], from = 1): RunEvent[] {
  return bodies.map((body, index) => ({ number: from + index, at: "2026-11-21T10:00:00.000Z", body }));
}

describe("the rows of a transcript", () => {
  it("cut a long answer into parts and leave those of other blocks as they were", () => {
    const transcript = createTranscript();
    transcript.add(eventsOf([{ kind: "user", text: "Tell me" }]));
    const before = transcriptRows(transcript.blocks);
    const paragraphs = Array.from({ length: 100 }, () => `${"word ".repeat(40)}\n\n`);
    transcript.add(
      eventsOf(
        paragraphs.map((text) => ({ kind: "text", text })),
        2,
      ),
    );
    const rows = transcriptRows(transcript.blocks);
    expect(rows.length).toBeGreaterThan(10);
    expect(rows[0]).toBe(before[0]);
    expect(new Set(rows.map(({ key }) => key)).size).toBe(rows.length);
    expect(
      rows
        .slice(1)
        .map(({ part }) => part)
        .join("\n"),
    ).toBe(paragraphs.join(""));
  });

  it("are found by what they hold, folded or not", () => {
    const transcript = createTranscript();
    transcript.add(
      eventsOf([
        { kind: "text", text: "Reading the config" },
        {
          kind: "tool",
          call: {
            callId: "a",
            title: "Read app.ts",
            tool: "read",
            state: "succeeded",
            input: null,
            output: "const CONFIG = 1",
            edits: [],
          },
        },
        { kind: "notice", level: "info", text: "nothing" },
      ]),
    );
    const rows = transcriptRows(transcript.blocks);
    expect(findRows(rows, "config")).toEqual([0, 1]);
    expect(findRows(rows, " ")).toEqual([]);
  });

  it("of 10 000 events are made in a moment, also while the last one grows", () => {
    const transcript = createTranscript();
    const bodies = Array.from({ length: 10_000 }, (_, index): RunEventBody =>
      index % 10 === 0
        ? {
            kind: "tool",
            call: {
              callId: String(index),
              title: "Read",
              tool: "read",
              state: "succeeded",
              input: "{}",
              output: "x".repeat(200),
              edits: [],
            },
          }
        : { kind: index % 2 === 0 ? "text" : "reasoning", text: `Words ${String(index)} and more words.\n\n` },
    );
    const startedAt = performance.now();
    const events = eventsOf(bodies);
    for (let at = 0; at < events.length; at += 100) {
      transcript.add(events.slice(at, at + 100));
      transcriptRows(transcript.blocks);
    }
    expect(transcript.last).toBe(10_000);
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  });
});
