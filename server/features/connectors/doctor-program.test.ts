import { expect, test } from "vitest";

import { stepsOf } from "./doctor-program.ts";

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
