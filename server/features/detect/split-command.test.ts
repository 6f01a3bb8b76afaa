import { execFileSync } from "node:child_process";

import { array, assert, property, string } from "fast-check";
import { expect, test } from "vitest";

import { splitCommand } from "./split-command.ts";

test.each([
  [`node server.js`, ["node", "server.js"], {}],
  [
    `  NODE_ENV=production PORT=3000 node "my server.js" --flag='a b'`,
    ["node", "my server.js", "--flag=a b"],
    { NODE_ENV: "production", PORT: "3000" },
  ],
  [`cross-env A=1 vite`, ["vite"], { A: "1" }],
  [`gunicorn app:app --bind 0.0.0.0:$PORT`, ["gunicorn", "app:app", "--bind", "0.0.0.0:5000"], {}],
  [`serve -l \${PORT:-3000} \${HOST:-x}`, ["serve", "-l", "5000", "x"], {}],
  [`a "" b\\ c # comment`, ["a", "", "b c"], {}],
])("%s", (line, command, environment) => {
  expect(splitCommand(line, { PORT: "5000" })).toEqual({ command, environment, needs: null });
});

test.each([
  [`a && b`, "several commands"],
  [`a | b`, "several commands"],
  [`a > b`, "redirection"],
  [`a $(b)`, "substitution"],
  ["a `b`", "substitution"],
  [`a *.js`, "pattern"],
  [`a $UNKNOWN`, "the variable $UNKNOWN"],
  [`a "b`, "quote"],
  [`A=1`, "a program"],
])("%s needs a shell", (line, why) => {
  const { command, needs } = splitCommand(line);
  expect(command).toEqual([]);
  expect(needs).toContain(why);
});

test("any words, quoted as a shell wants them, come back as they were", () => {
  const word = string({ minLength: 1, maxLength: 12 }).filter((text) => !/[\0\n=]/.test(text));
  assert(
    property(array(word, { minLength: 1, maxLength: 5 }), (words) => {
      const line = ["run", ...words].map((text) => `'${text.replaceAll("'", `'\\''`)}'`).join(" ");
      expect(splitCommand(line)).toEqual({ command: ["run", ...words], environment: {}, needs: null });
    }),
  );
});

test("what it takes apart, a real shell takes apart alike", () => {
  for (const line of [`printf '%s|' a "b c" d\\ e 'f"g'`, `printf '%s|' "" x"y z"w`]) {
    const [program = "", ...args] = splitCommand(line).command;
    expect(execFileSync(program, args, { encoding: "utf8" })).toBe(
      execFileSync("sh", ["-c", line], { encoding: "utf8" }),
    );
  }
});
