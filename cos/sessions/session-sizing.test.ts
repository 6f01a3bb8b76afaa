import { expect, test } from "vitest";

import { exportRecording } from "./export-recording.ts";
import { isTerminalReply } from "../../contract/terminal-frames.ts";
import { chooseSize } from "./session-sizing.ts";

const viewers = [
  { number: 1, cols: 200, rows: 50 },
  { number: 2, cols: 44, rows: 60 },
];

test("the smallest window decides, or the one that leads", () => {
  expect(chooseSize(viewers, "smallest", 1)).toEqual({ cols: 44, rows: 50 });
  expect(chooseSize(viewers, "active", 1)).toEqual({ cols: 200, rows: 50 });
  expect(chooseSize(viewers, "active", 9)).toEqual({ cols: 44, rows: 50 });
  expect(chooseSize([], "smallest", null)).toBeNull();
});

test("answers of a terminal are told from keys", () => {
  for (const reply of [
    "\x1b[?1;2c",
    "\x1b[24;80R",
    "\x1b[0n",
    "\x1b[?2026;2$y",
    "\x1b]11;rgb:00/00/00\x07",
    "\x1bP1$r0m\x1b\\",
  ])
    expect(isTerminalReply(reply)).toBe(true);
  for (const key of ["a", "\x1b", "\x1b[A", "\x1bOP", "\x1b[1;5C", "\x03", "\x1b[200~text\x1b[201~", "\x1b[<0;1;1M"])
    expect(isTerminalReply(key)).toBe(false);
});

test("a secret typed key by key is not in an exported recording", () => {
  const secret = "ghp_abcdefghijklmnopqrstuvwxyz0123";
  const events = [...`export T=${secret}\r\n`.split(""), "next line\r\n"].map((text, index) =>
    JSON.stringify([index / 10, "o", text]),
  );
  const lines = ['{"version":2,"width":80,"height":24}', ...events, JSON.stringify([9, "r", "90x30"]), '[9.5,"o","cut'];
  const exported = exportRecording(lines.join("\n"));
  expect(exported).not.toContain(secret.slice(4, 12));
  expect(exported).toContain("[redacted]");
  expect(exported).toContain("next line");
  expect(exported).toContain('[9,"r","90x30"]');
  expect(exported).not.toContain("cut");
  for (const line of exported.trim().split("\n")) expect(() => JSON.parse(line) as unknown).not.toThrow();
});

test("a recording without secrets keeps every event", () => {
  const text = [
    '{"version":2,"width":80,"height":24}',
    '[0.1,"o","a"]',
    '[0.2,"o","b\\r\\n"]',
    '[0.3,"o","c"]',
    "",
  ].join("\n");
  expect(exportRecording(text)).toBe(text);
});
