import { access, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { startDetached, type DetachedProgram } from "../../lib/processes/detached-program.ts";
import { verdictOn } from "../../lib/process-identity.ts";
import { runMarks } from "../../lib/run-mark.ts";
import { createPrivatePortos, type PrivatePortos } from "../lib/private-portos.mjs";

const id = "run-left0000behind";
let portos: PrivatePortos;
let program: DetachedProgram;
let exitFile = "";

/** What a portos-cos that was killed leaves of an agent that works on its own. */
beforeEach(async () => {
  portos = await createPrivatePortos({ isStarted: false });
  const folder = join(portos.dataDir, "runs", id);
  await mkdir(folder, { recursive: true });
  await mkdir(join(portos.dataDir, "runs/open"));
  await writeFile(join(portos.dataDir, "runs/open", id), "");
  const name = (ending: string): string => join(folder, `attempt-1.${ending}`);
  exitFile = name("exit");
  const [mark, value] = runMarks(portos.dataDir)(id);
  program = await startDetached({
    file: "/bin/sh",
    args: ["-c", "sleep 300 & wait"],
    cwd: folder,
    env: { PATH: process.env["PATH"] ?? "", [mark]: value },
    stdin: null,
    files: { stdout: name("out"), stderr: name("err"), pid: name("pid"), exit: exitFile },
  });
  const record = { run: { id, title: "Tidy up" }, child: { attempt: 1, identity: program.identity } };
  await writeFile(join(folder, "record.json"), JSON.stringify(record));
});
afterEach(async () => {
  await portos.stop();
});

test("a stop names agents that go on alone; a stop of all ends them and leaves nothing that looks like a failure", async () => {
  const { output } = await portos.control("stop");
  expect(output).toContain("1 agent(s) go on alone, and are found again at the next start: Tidy up");
  expect(await verdictOn(program.identity)).toBe("alive");
  expect((await portos.control("stop", "--all")).output).toContain("interrupted 1 run; it can be resumed");
  expect(await verdictOn(program.identity)).toBe("dead");
  await expect(access(exitFile)).rejects.toThrow();
  expect((await portos.control("stop", "--all")).output).not.toContain("interrupted");
});
