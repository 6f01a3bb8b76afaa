import { array, assert, property, string } from "fast-check";
import { expect, test } from "vitest";

import { formatCommand, parseCommand, parsePorts, shellSign } from "./command-text.ts";

test("any command comes back from its line", () => {
  assert(
    property(array(string({ maxLength: 20 }), { minLength: 1, maxLength: 6 }), (words) => {
      expect(parseCommand(formatCommand(words))).toEqual(words);
    }),
  );
});

test.each([
  [`npm run dev`, ["npm", "run", "dev"]],
  [`node "my server.js" --name='a b' c\\ d`, ["node", "my server.js", "--name=a b", "c d"]],
  [`  spaced   out  `, ["spaced", "out"]],
  [``, []],
])("%s", (line, words) => {
  expect(parseCommand(line)).toEqual(words);
});

test("what needs a shell is noticed, the same inside quotes is not", () => {
  expect(["a && b", "a | b", "echo $HOME", "a > b", "ls *.js"].map(shellSign)).toEqual(["&&", "|", "$H", ">", "*"]);
  expect([`node server.js --port 3000`, `sh -c 'a && b'`].map(shellSign)).toEqual([null, null]);
});

test("ports", () => {
  expect(parsePorts("3000, 3001  80")).toEqual([3000, 3001, 80]);
  expect(parsePorts("")).toEqual([]);
  expect(parsePorts("http")).toBeNull();
  expect(parsePorts("70000")).toBeNull();
});
