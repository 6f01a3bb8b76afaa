import { expect, test } from "vitest";

import { changesText, endSentence, endText, exitText } from "./incident-words.ts";

const ranWell = { commit: "a".repeat(40), at: "2026-03-01T12:00:00.000Z" };
const at = "2026-03-01T12:00:00.000Z";

test("a signal says more than an exit code", () => {
  expect(exitText({ code: null, signal: "SIGKILL", at })).toBe("killed by SIGKILL");
  expect(exitText({ code: 3, signal: null, at })).toBe("exit code 3");
  expect(endText({ code: null, signal: "SIGKILL", at })).toBe("Killed by SIGKILL");
  expect(endText({ code: null, signal: null, at })).toBe("Ended with exit code not known");
});

test("how a process ended is said once", () => {
  const exit = { code: 1, signal: null, at };
  expect(endSentence({ exit, reason: "Ended with exit code 1. It is restarted." })).toBeNull();
  expect(endSentence({ exit, reason: "Ended with exit code 12 before. It is restarted." })).toBe(
    "Ended with exit code 1.",
  );
  expect(
    endSentence({ exit: { ...exit, signal: "SIGKILL" }, reason: "Killed by SIGKILL. It is restarted." }),
  ).toBeNull();
  expect(endSentence({ exit, reason: "The autofixer is paused." })).toBe("Ended with exit code 1.");
});

test("only what was edited since counts as a change", () => {
  const files = [
    { path: "a.ts", isEditedSince: true },
    { path: "b.ts", isEditedSince: false },
  ];
  expect(changesText({ ranWell, head: null, commits: ["1 one", "2 two"], files })).toBe(
    "Since it last ran well: 2 commits and 1 edited file.",
  );
  expect(changesText({ ranWell, head: null, commits: [], files: files.slice(1) })).toBe(
    "Nothing changed in git since it last ran well.",
  );
  expect(changesText({ ranWell: null, head: null, commits: [], files })).toBe("It was not seen running well before.");
});
