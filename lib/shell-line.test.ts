import { execFileSync } from "node:child_process";

import { expect, it } from "vitest";

import { shellLine } from "./shell-line.ts";

const words = [
  "a",
  "",
  "two words",
  "it's",
  `"`,
  "$HOME",
  "`id`",
  "a\nb",
  "\\",
  "*.ts",
  "~",
  "a&b;c|d",
  "--x=1,2",
  "#no",
  "!",
];

it("is read by a shell as exactly these words", () => {
  const read = execFileSync("/bin/sh", ["-c", `printf '%s\\0' ${shellLine(words)}`], { encoding: "utf8" });
  expect(read.split("\0").slice(0, -1)).toEqual(words);
});

it("leaves what needs no quotes as people write it", () => {
  expect(shellLine(["git", "log", "--format=%h", "HEAD^", "src/a.ts", "a@b:c,d+e"])).toBe(
    "git log --format=%h HEAD^ src/a.ts a@b:c,d+e",
  );
});
