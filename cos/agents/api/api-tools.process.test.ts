import { expect, it } from "vitest";

import { useTemporaryFolders } from "../../../lib/testing/temporary-folder.ts";
import type { AttemptSink } from "../attempt.ts";
import { openWorkspace } from "../workspace.ts";
import { createApiTools } from "./api-tools.ts";

const newFolder = useTemporaryFolders();

it("runs commands in what surrounds the run", async () => {
  const workspace = await openWorkspace(await newFolder());
  const sink = {
    event: () => undefined,
    ask: () => Promise.resolve({ optionId: "allow", reason: null }),
  } as unknown as AttemptSink;
  const tools = createApiTools({
    workspace,
    sink,
    signal: new AbortController().signal,
    mark: ["AGENT_RUN", "run-1"],
    surroundings: {
      environment: { PORT: "24000" },
      wrap: ({ file, args }, { agent, cwd }) => ({
        file: "/bin/sh",
        args: ["-c", 'echo "$@ $PORT"', "sh", "inside", String(agent), cwd, file, ...args],
      }),
      afterAttempt: () => Promise.resolve(null),
    },
  });
  const call = tools["run_command"]?.execute?.bind(null, { command: ["git", "a b"] });
  const reply: unknown = await call?.({ toolCallId: "c1", messages: [] });
  expect(reply).toBe(`inside null ${workspace.folder} git a b 24000\n\n(exit code 0)`);
});
