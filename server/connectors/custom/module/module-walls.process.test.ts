import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

import { expect, it } from "vitest";

import { createBubblewrap, type Bubblewrap } from "../../../../lib/processes/bubblewrap.ts";
import { runCommand } from "../../../../lib/processes/run-command.ts";
import { useTemporaryFolders } from "../../../../lib/testing/temporary-folder.ts";
import { moduleWalls } from "./module-walls.ts";

const newFolder = useTemporaryFolders();

/** A program that got past everything that is checked before: only the walls are left. */
const intruder = (place: string): string => `
import { readFileSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { connect } from "node:net";
import { Worker } from "node:worker_threads";
const tries = {
  read: () => readFileSync("/etc/passwd", "utf8"),
  write: () => writeFileSync("/tmp/x", "x"),
  start: () => { const { error } = spawnSync("/bin/true"); if (error) throw error; },
  thread: () => new Worker("", { eval: true }),
  text: () => new Function("return 1")(),
};
const said = { variables: Object.keys(process.env).filter((name) => name !== "PWD") };
for (const [name, work] of Object.entries(tries)) {
  try { work(); said[name] = "done"; } catch (error) { said[name] = error.code ?? error.name; }
}
const [host, port] = ${JSON.stringify(place)}.split(":");
said.network = await new Promise((resolve) => {
  const socket = connect(Number(port), host, () => { socket.destroy(); resolve("done"); });
  socket.on("error", (error) => resolve(error.code ?? error.name));
});
console.log(JSON.stringify(said));
process.exit(0);
`;

async function saidIn(bubblewrap: Bubblewrap): Promise<Record<string, unknown>> {
  const other = createServer();
  await new Promise<void>((resolve) => {
    other.listen(0, "127.0.0.1", resolve);
  });
  try {
    const bundle = join(await newFolder(), "intruder.mjs");
    await writeFile(bundle, intruder(`127.0.0.1:${String((other.address() as AddressInfo).port)}`));
    const { file, args } = (await moduleWalls(bubblewrap)).command(bundle);
    const ran = await runCommand(file, args, { cwd: "/", env: { OF_OURS: "secret" } });
    return JSON.parse(ran.stdout === "" ? JSON.stringify({ stderr: ran.stderr }) : ran.stdout) as Record<
      string,
      unknown
    >;
  } finally {
    await new Promise((resolve) => other.close(resolve));
  }
}

const real = createBubblewrap({ searchPath: () => process.env["PATH"] ?? "", monotonic: () => 0 });
const none: Bubblewrap = { state: () => Promise.resolve({ isAvailable: false, help: "It is not installed." }) };
const denied = "ERR_ACCESS_DENIED";

it("in bubblewrap there is no network, no file, no program and no variable", async () => {
  const state = await real.state();
  if (!state.isAvailable) return expect((await moduleWalls(real)).isConfined).toBe(false);
  expect((await moduleWalls(real)).isConfined).toBe(true);
  expect(await saidIn(real)).toEqual({
    variables: [],
    read: denied,
    write: denied,
    start: denied,
    thread: denied,
    text: "EvalError",
    network: "ECONNREFUSED",
  });
});

it("without it Node keeps files, programs and threads away, and it is said that this is all", async () => {
  const walls = await moduleWalls(none);
  expect(walls.isConfined).toBe(false);
  expect(walls.words).toContain("the system itself does not keep it in");
  expect(await saidIn(none)).toMatchObject({
    read: denied,
    write: denied,
    start: denied,
    thread: denied,
    text: "EvalError",
  });
});
