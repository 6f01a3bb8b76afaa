import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { RunEventBody } from "../../contract/features/run-events.ts";
import { redact, registerSecret } from "../../lib/redact.ts";
import { createTextJoiner } from "./text-joiner.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function joiner() {
  const events: RunEventBody[] = [];
  return { events, joiner: createTextJoiner((body) => events.push(body)) };
}
const textOf = (events: RunEventBody[]): string => events.map((body) => ("text" in body ? body.text : "")).join("");

describe("text joiner", () => {
  it("makes one event of what comes within 50 ms", () => {
    const { events, joiner: text } = joiner();
    text.add({ kind: "text", text: "At once. " });
    vi.advanceTimersByTime(3);
    expect(events).toHaveLength(1);
    for (const piece of ["Hel", "lo ", "you"]) text.add({ kind: "text", text: piece });
    vi.advanceTimersByTime(30);
    expect(events).toHaveLength(1);
    vi.advanceTimersByTime(21);
    expect(events[1]).toEqual({ kind: "text", text: "Hello you" });
  });

  it("waits for no more than 4 096 characters, and keeps kinds apart", () => {
    const { events, joiner: text } = joiner();
    text.add({ kind: "text", text: "a".repeat(4_096) });
    expect(events).toHaveLength(1);
    text.add({ kind: "reasoning", text: "b" });
    text.add({ kind: "text", text: "c" });
    text.add({ kind: "output", stream: "err", text: "d" });
    text.add({ kind: "output", stream: "out", text: "e" });
    text.flush();
    expect(events.slice(1).map((body) => ("text" in body ? body.text : ""))).toEqual(["b", "c", "d", "e"]);
  });

  it("never lets a secret through in pieces", () => {
    const secret = "hunter2-correct-horse";
    registerSecret(secret);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 20, maxLength: 40 }), (sizes) => {
        const { events, joiner: text } = joiner();
        const whole = `the key is ${secret}, really ${secret}`;
        let from = 0;
        for (const size of sizes) {
          text.add({ kind: "text", text: whole.slice(from, from + size) });
          vi.advanceTimersByTime(60);
          from += size;
        }
        text.add({ kind: "text", text: whole.slice(from) });
        text.flush();
        const shown = textOf(events.map((body) => ("text" in body ? { ...body, text: redact(body.text) } : body)));
        expect(shown).not.toContain("hunter2");
        expect(shown).toBe("the key is [redacted], really [redacted]");
      }),
    );
  });

  it("shows the last characters of one that says no more, and not the secret they may begin", () => {
    registerSecret("hunter2-correct-horse");
    const { events, joiner: text } = joiner();
    text.add({ kind: "text", text: "Oh" });
    vi.advanceTimersByTime(100);
    expect(textOf(events)).toBe("O");
    vi.advanceTimersByTime(5_000);
    expect(textOf(events)).toBe("Oh");
    // It was the secret after all: nothing else of it is shown.
    for (const piece of ["u", "nter2-correct", "-horse, as told"]) {
      text.add({ kind: "text", text: piece });
      vi.advanceTimersByTime(10_000);
    }
    expect(textOf(events)).toBe("Ohu[redacted], as told");
  });

  it.each([1, 3, 4, 7, 12, 20])("hides a secret of which %i characters came before something else", (length) => {
    const secret = "hunter2-correct-horse";
    registerSecret(secret);
    const { events, joiner: text } = joiner();
    for (const piece of [`It is ${secret.slice(0, length)}`, secret.slice(length), ". Ah hu"]) {
      text.add({ kind: "text", text: piece });
      text.flush();
    }
    // What says nothing of it is shown, also at the very end.
    expect(textOf(events)).toBe(`It is ${secret.slice(0, Math.min(length, 3))}[redacted]. Ah hu`);
  });

  it.each([1, 4, 12, 20])("hides one of which a former process has given out the first %i characters", (length) => {
    const secret = "hunter2-correct-horse";
    registerSecret(secret);
    const first = joiner();
    first.joiner.add({ kind: "text", text: `It is ${secret.slice(0, length)}` });
    first.joiner.flush();
    const { events, joiner: text } = joiner();
    for (const piece of ["It ", "is ", secret.slice(0, length)]) text.recall({ kind: "text", text: piece });
    text.add({ kind: "text", text: `${secret.slice(length)}, as told` });
    text.flush();
    const shown = textOf(first.events) + textOf(events);
    expect(shown).toBe(`It is ${secret.slice(0, Math.min(length, 3))}[redacted], as told`);
  });

  it("gives out once what a former process had given out while it waited for the rest", () => {
    registerSecret("hunter2-correct-horse");
    const first = joiner();
    first.joiner.add({ kind: "text", text: "A house, a hu" });
    vi.advanceTimersByTime(100);
    expect(textOf(first.events)).toBe("A house, a ");
    const { events, joiner: text } = joiner();
    for (const body of first.events) if (body.kind === "text") text.expect(body);
    for (const piece of ["A ho", "use, a hu", "t, a house"]) text.add({ kind: "text", text: piece });
    text.add({ kind: "reasoning", text: "A house" });
    text.flush();
    expect(textOf(events)).toBe("hut, a houseA house");
  });

  it("gives out again rather than not at all what it cannot find in what was given out", () => {
    const { events, joiner: text } = joiner();
    text.expect({ kind: "text", text: "It is [redacted] and" });
    for (const piece of ["It is ", "something", " and more"]) text.add({ kind: "text", text: piece });
    text.flush();
    expect(textOf(events)).toBe("something and more");
  });

  it("hides one with something between each of its characters, and shows what else begins like it", () => {
    const secret = "hunter2-correct-horse";
    registerSecret(secret);
    const { events, joiner: text } = joiner();
    for (const piece of [...secret.split(""), "! A hunter", "s den"]) {
      text.add({ kind: "text", text: piece });
      text.flush();
    }
    expect(textOf(events)).toBe("hun[redacted]! A hun[redacted]s den");
  });

  it("hides one that pieces of other kinds came between", () => {
    const secret = "hunter2-correct-horse";
    registerSecret(secret);
    const { events, joiner: text } = joiner();
    text.add({ kind: "text", text: secret.slice(0, 10) });
    text.add({ kind: "reasoning", text: "Hm." });
    text.add({ kind: "output", stream: "out", text: secret.slice(0, 10) });
    text.add({ kind: "output", stream: "err", text: "!" });
    text.add({ kind: "text", text: `${secret.slice(10)}.` });
    text.add({ kind: "output", stream: "out", text: `${secret.slice(10)}?` });
    text.flush();
    const shown = events.map((body) => ("text" in body ? body.text : ""));
    expect(shown).toEqual(["hun[redacted]", "Hm.", "hun[redacted]", "!", ".", "?"]);
  });

  it("hides one where a huge piece is cut", () => {
    const secret = "hunter2-correct-horse";
    registerSecret(secret);
    const { events, joiner: text } = joiner();
    text.add({ kind: "text", text: `${"x".repeat(64 * 1024 - 10)}${secret} and more` });
    text.flush();
    expect(textOf(events)).toBe(`${"x".repeat(64 * 1024 - 10)}[redacted] and more`);
  });

  it("cuts a huge piece without tearing a character", () => {
    const { events, joiner: text } = joiner();
    const whole = `a${"🚀".repeat(60_000)}`;
    text.add({ kind: "text", text: whole });
    text.flush();
    expect(events.length).toBeGreaterThan(1);
    expect(textOf(events)).toBe(whole);
    for (const body of events)
      expect("text" in body && !/[\uD800-\uDBFF](?![\uDC00-\uDFFF])/.test(body.text)).toBe(true);
  });
});
