import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { parseAnsi, plainText } from "./ansi.ts";
import { contrast, logBackgrounds, readableColor } from "./readable-color.ts";

const esc = "\u001b";

describe("ANSI styles", () => {
  test("the sixteen colours, bright ones and back to the default", () => {
    expect(parseAnsi(`${esc}[31mred${esc}[39m none ${esc}[1;92;44mbold${esc}[0m.`)).toEqual([
      { text: "red", style: { color: 1 } },
      { text: " none ", style: { color: undefined } },
      { text: "bold", style: { color: 10, background: 4, isBold: true } },
      { text: ".", style: {} },
    ]);
  });

  test("256 colours and true colour, with semicolons and colons", () => {
    expect(
      parseAnsi(`${esc}[38;5;9ma${esc}[38;5;196mb${esc}[48;5;240mc${esc}[38;2;1;2;3md`).map(({ style }) => style),
    ).toEqual([
      { color: 9 },
      { color: "255,0,0" },
      { color: "255,0,0", background: "88,88,88" },
      { color: "1,2,3", background: "88,88,88" },
    ]);
    expect(parseAnsi(`${esc}[38:5:196mx`)[0]?.style).toEqual({ color: "255,0,0" });
  });

  test("dim, italic, underline, strike and inverse come and go", () => {
    expect(parseAnsi(`${esc}[2;3;4;7;9mx${esc}[22;23;24;27;29my`).map(({ style }) => style)).toEqual([
      { isDim: true, isItalic: true, isUnderlined: true, isInverse: true, isStruck: true },
      { isDim: false, isBold: false, isItalic: false, isUnderlined: false, isInverse: false, isStruck: false },
    ]);
  });

  test("titles, links, unknown and unfinished sequences leave no trace", () => {
    expect(plainText(`${esc}]0;title\u0007a${esc}]8;;http://x${esc}\\b${esc}[?25lc${esc}(Bd${esc}`)).toBe("abcd");
    expect(plainText("a\u0000b\u0007c\td")).toBe("abc\td");
  });
});

describe("lines that redraw themselves", () => {
  test.each([
    ["10%\r20%\r100%", "100%"],
    ["downloading\rdone", "doneloading"],
    [`downloading\r${esc}[Kdone`, "done"],
    [`downloading${esc}[2K\rdone`, "done"],
    ["abc\b\bX", "aXc"],
    [`${esc}[5Gx`, "    x"],
    [`ab${esc}[1Dc`, "ac"],
    ["line\r", "line"],
  ])("%j shows %j", (line, shown) => {
    expect(plainText(line)).toBe(shown);
  });

  test("keeps the colour of what was drawn last", () => {
    expect(parseAnsi(`${esc}[31mxx${esc}[0m\r${esc}[32my`)).toEqual([
      { text: "y", style: { color: 2 } },
      { text: "x", style: { color: 1 } },
    ]);
  });
});

test("whatever comes in, no control character comes out and nothing throws", () => {
  const piece = fc.oneof(
    fc.string(),
    fc.constantFrom(`${esc}[`, `${esc}]`, "m", ";", "38", "5", "\r", "\b", `${esc}[K`, "\u009b"),
  );
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      expect(plainText(pieces.join(""))).not.toMatch(/[^\P{Cc}\t]/u);
    }),
  );
});

test("every colour is readable on both backgrounds", () => {
  fc.assert(
    fc.property(fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255)), (rgb) => {
      for (const background of Object.values(logBackgrounds)) {
        const shown = readableColor(rgb.join(","), background).match(/\d+/g)?.map(Number) ?? [];
        expect(contrast(shown as unknown as typeof rgb, background)).toBeGreaterThan(4.4);
      }
    }),
  );
});
