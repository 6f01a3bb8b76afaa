import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { bundleProgram } from "../../../scripts/lib/bundle-program.mjs";
import { until } from "../../../lib/testing/temporary-folder.ts";
import { clientOf } from "./test-runs.ts";

/** A portos-cos in a process of its own, which can be killed and started again over the same data; `basePort` is the first of seven that are free. */
export function createCosProcess(basePort: number) {
  const home = mkdtempSync(join(tmpdir(), "portos-kill-"));
  const folder = mkdtempSync(join(tmpdir(), "portos-kill-work-"));
  const runs = clientOf(basePort + 4);
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: home,
    PORTOS_BASE_PORT: String(basePort),
    PORTOS_DATA_DIR: join(home, "data"),
    PORTOS_STATE_DIR: join(home, "state"),
    PORTOS_CONFIG_DIR: join(home, "config"),
  };
  let program = "";
  let child: ChildProcess | null = null;

  const answers = (): Promise<boolean> =>
    runs.client.list({ query: { isOpen: "true" } }).then(
      () => true,
      () => false, // not there yet
    );

  async function end(signal: NodeJS.Signals): Promise<void> {
    const ending = child;
    if (!ending || ending.exitCode !== null || ending.signalCode !== null) return;
    const gone = new Promise((resolve) => ending.once("exit", resolve));
    ending.kill(signal);
    await gone;
  }

  return {
    runs,
    /** Folder its programs work in. */
    folder,
    dataDir: env.PORTOS_DATA_DIR,
    /** Resolves when it answers. */
    async start(): Promise<void> {
      if (program === "") program = await bundleProgram("cos/main.ts");
      child = spawn(process.execPath, [program], { env, stdio: "ignore" });
      await until(answers, 60_000);
    },
    end,
    async remove(): Promise<void> {
      await end("SIGTERM");
      for (const path of [program, home, folder]) await rm(path, { recursive: true, force: true });
    },
  };
}
