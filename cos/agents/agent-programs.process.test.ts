import { mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { Isolation } from "../../contract/features/isolation.ts";
import { cosEndpoints, type SessionSpec } from "../../contract/internal/cos.ts";
import type { RunSpec, RunTarget } from "../../contract/internal/runs.ts";
import { internalWorktreesEndpoints } from "../../contract/internal/worktrees.ts";
import { createInternalClient } from "../../lib/internal-client.ts";
import { findProgram } from "../../lib/processes/find-program.ts";
import { makeRepository } from "../../lib/testing/git-repository.ts";
import { createBubblewrap } from "../../lib/processes/bubblewrap.ts";
import { acpTarget, cliTarget, startTestRuns, type TestRuns } from "./testing/test-runs.ts";

const searchPath = (): string => process.env["PATH"] ?? "";
const { isAvailable: hasBubblewrap } = await createBubblewrap({ searchPath, monotonic: () => 0 }).state();
const hasBrand = findProgram("prlimit", "/", searchPath()) !== null;

/** Asks portos-cos for its sessions and writes down what it says. */
const script = `
const [, , port, file] = process.argv;
const { get } = await import("node:http");
const { writeFileSync } = await import("node:fs");
get({ host: "127.0.0.1", port, path: "/api/sessions", agent: false }, (reply) => {
  reply.resume();
  writeFileSync(file, String(reply.statusCode));
});`;

const home = process.env["HOME"];
let runs: TestRuns;
let base = "";
let repository = "";
let asked = 0;

beforeAll(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), "portos-programs-")));
  process.env["HOME"] = base;
  repository = await makeRepository(join(base, "repository"), { "ask.mjs": script });
  runs = await startTestRuns();
});
afterAll(async () => {
  await runs.stop();
  if (home !== undefined) process.env["HOME"] = home;
  await rm(base, { recursive: true, force: true });
});

const client = () => ({ baseUrl: `http://127.0.0.1:${runs.port}`, name: "portos-cos" });
const asking = (file: string): string => `${process.execPath} ask.mjs ${runs.port} ${file}`;

/** What a program of a run with this text is answered. */
async function answered(isolation: Isolation, act: (line: string) => [text: string, target: RunTarget], how = "") {
  asked += 1;
  const file = `answer-${asked}`;
  const [text, target] = act(`${how}${asking(file)}`);
  return outcome({ isolation, text, targets: [target], permissionMode: "free" }, file);
}

async function outcome(spec: Partial<RunSpec> & Pick<RunSpec, "targets">, file: string): Promise<string> {
  const { id } = await runs.start({ folder: repository, ...spec });
  const run = await runs.ended(id, 30_000);
  expect(run.state, run.message ?? "").toBe("succeeded");
  return readFile(join(run.folder, file), "utf8");
}

const terminal = (line: string): [string, RunTarget] => [
  "",
  cliTarget({ engine: "terminal", agent: "custom", command: ["/bin/sh", "-c", line] }),
];
const headless = (line: string): [string, RunTarget] => [`run ${line}`, cliTarget()];
const headlessAndWaits = (line: string): [string, RunTarget] => headless(`${line}; sleep 1.5`);
const protocol = (line: string): [string, RunTarget] => [`run ${line}`, acpTarget()];

describe.runIf(process.platform === "linux")("a program an agent has started may not ask portos-cos", () => {
  it.each([
    ["headless", headless],
    ["the protocol of agents", protocol],
    ["a terminal", terminal],
  ])("over %s", async (_, act) => {
    expect(await answered({ kind: "none" }, act)).toBe("403");
  });

  it.runIf(hasBrand)("when it has cleared its environment and left its session and its parents", async () => {
    expect(await answered({ kind: "none" }, headlessAndWaits, "env -i setsid --fork ")).toBe("403");
  });

  it.runIf(hasBubblewrap)("from a sandbox with the network on", async () => {
    expect(await answered({ kind: "sandbox", network: true }, headless)).toBe("403");
    expect(await answered({ kind: "sandbox", network: true }, headlessAndWaits, "env -i setsid --fork ")).toBe("403");
  });

  it("nor may the set-up of its worktree, nor a check of its work", async () => {
    const setup = { setupCommand: asking("from-setup"), setupTimeoutMs: 60_000, copiedFiles: [] };
    const spec = { isolation: { kind: "worktree" as const }, text: "say done", targets: [cliTarget()], setup };
    const { id } = await runs.start({ folder: repository, ...spec });
    const { folder } = await runs.ended(id);
    expect(await readFile(join(folder, "from-setup"), "utf8")).toBe("403");
    const worktrees = createInternalClient(internalWorktreesEndpoints, client());
    const check = { name: "Check", command: asking("from-check"), timeoutMs: 60_000 };
    const { id: session } = await worktrees.command({ params: { id }, body: check });
    await ended(session);
    expect(await readFile(join(folder, "from-check"), "utf8")).toBe("403");
  });
});

it("terminals the user opens and commands of automations may", async () => {
  await writeFile(join(base, "ask.mjs"), script);
  const sessions = createInternalClient(cosEndpoints, client());
  for (const kind of ["user", "automation"] as const) {
    const spec: SessionSpec = { kind: "command", shellCommand: asking(kind), cwd: base, owner: { kind, id: "one" } };
    const { id } = await sessions.create({ body: spec });
    await ended(id);
    expect(await readFile(join(base, kind), "utf8")).toBe("200");
  }
});

async function ended(id: string): Promise<void> {
  const sessions = createInternalClient(cosEndpoints, client());
  await expect.poll(async () => (await sessions.get({ params: { id } })).state).toBe("ended");
}
