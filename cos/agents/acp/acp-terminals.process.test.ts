import { expect, it } from "vitest";

import { findProgram } from "../../../lib/processes/find-program.ts";
import { useTemporaryFolders } from "../../../lib/testing/temporary-folder.ts";
import { plainSurroundings } from "../../worktrees/surroundings.ts";
import { openWorkspace } from "../workspace.ts";
import { createAcpTerminals } from "./acp-terminals.ts";

const newFolder = useTemporaryFolders();
const nice = findProgram("nice", "/", process.env["PATH"]);
const debug = { name: "LD_DEBUG", value: "files" };

async function terminals() {
  const folder = await newFolder();
  const surroundings = {
    ...plainSurroundings,
    // Stands for a sandbox: a program that starts the command and must not load what the command loads.
    wrap: ({ file, args }: { file: string; args: string[] }) => ({ file: nice ?? file, args: [file, ...args] }),
  };
  return createAcpTerminals(await openWorkspace(folder), ["AGENT_RUN", "run-1@x"], surroundings);
}

it.runIf(process.platform === "linux" && nice !== null)(
  "what an agent has loaded into a command is not loaded into what brands and confines it",
  async () => {
    const { create, wait, textOf } = await terminals();
    const command = { sessionId: "s", command: "/bin/sh", args: ["-c", 'echo "LD_DEBUG is $LD_DEBUG"'] };
    const { terminalId } = await create({ ...command, env: [debug] });
    expect(await wait(terminalId)).toMatchObject({ exitCode: 0 });
    const text = textOf(terminalId);
    expect(text).toContain("LD_DEBUG is files");
    expect(text).not.toMatch(/\b(?:prlimit|nice|env)\b/);
  },
);

it.runIf(process.platform === "linux")("a command that is not found is refused, not searched again", async () => {
  const folder = await newFolder();
  const { create } = createAcpTerminals(await openWorkspace(folder), ["AGENT_RUN", "run-1@x"], plainSurroundings);
  const path = { name: "PATH", value: ":/nowhere" };
  await expect(create({ sessionId: "s", command: "no-such-program", env: [path] })).rejects.toThrow("not found");
});
