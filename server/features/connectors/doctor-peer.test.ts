import { expect, test } from "vitest";

import { signInOfPeer, stepsOf } from "./doctor-peer.ts";

const tool = (name: string, isAccepted = true, isAsAccepted = true) => ({ name, isAccepted, isAsAccepted });
const server = { name: "notes", version: "1.2.0" };

test("name, version and tools of a program are told", () => {
  expect(stepsOf({ server, tools: [tool("read"), tool("write", false, false)] })).toMatchObject([
    { step: "version", verdict: "good", message: "notes 1.2.0" },
    { step: "tools", verdict: "good", message: "2 tools: read, write; 1 accepted" },
  ]);
});

test("no tools, and tools that are described otherwise than accepted, are warnings with what to do", () => {
  for (const tools of [[], [tool("read", true, false)]]) {
    const [, step] = stepsOf({ server: null, tools });
    expect(step).toMatchObject({ verdict: "warning" });
    expect(step?.hint).not.toBeNull();
  }
});

const signIn = { state: "active" as const, host: "login.example", scope: "read", since: null, problem: null };
const answered = { steps: [], failure: null };

test("a sign-in that has ended is bad, one that does not cover all is a warning, each with what to do", () => {
  const ended = signInOfPeer({ ...signIn, state: "expired", problem: "it was taken back there" }, null);
  expect(ended).toMatchObject({ verdict: "bad", message: "The sign-in has ended: it was taken back there" });
  const lacking = signInOfPeer({ ...signIn, problem: "It asks for more rights: write" }, answered);
  expect(lacking).toMatchObject({ verdict: "warning", message: "It asks for more rights: write" });
  for (const { hint } of [ended, lacking]) expect(hint).toMatch(/sign in again/i);
  expect(signInOfPeer(signIn, answered)).toMatchObject({ verdict: "good", hint: null });
});
