import { describe, expect, it } from "vitest";

import { foldRows } from "./fold-rows.ts";
import type { WindowLine } from "./log-window.ts";

function line(text: string, stream = "a", isContinuation = false): WindowLine {
  return {
    id: text,
    stream,
    file: "f",
    offset: 0,
    bytes: 1,
    time: null,
    level: "other",
    text,
    isContinuation,
    isOpen: false,
    cutBytes: 0,
  };
}

const shown = (lines: WindowLine[], folded: string[] = []): (string | undefined)[] =>
  foldRows(lines, (id) => folded.includes(id)).map(({ index }) => lines[index]?.text);

describe("rows", () => {
  it("show the last step of a progress line, whatever other streams say in between", () => {
    const lines = [
      line("start"),
      line("\r10 %"),
      line("other", "b"),
      line("\r50 %"),
      line("\r100 %"),
      line("done"),
      line("\r1 %"),
    ];
    expect(shown(lines)).toEqual(["start", "other", "\r100 %", "done", "\r1 %"]);
  });

  it("hide the frames of a folded stack trace and show them again", () => {
    const lines = [line("Error"), line("  at a", "a", true), line("  at b", "a", true), line("next")];
    expect(shown(lines, ["Error"])).toEqual(["Error", "next"]);
    expect(shown(lines)).toEqual(["Error", "  at a", "  at b", "next"]);
  });
});
