import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { root } from "./bootstrap.mjs";
import { runStage } from "./stages.mjs";

const portsNeeded = 7;

/** Starts a built PortOS under the system's temporary folder and waits until all six processes are healthy. */
export async function createPrivatePortos({ env: extra = {}, isStarted = true } = {}) {
  const folder = await mkdtemp(join(tmpdir(), "portos-"));
  const basePort = await freeBlock();
  const [dataDir, stateDir] = [join(folder, "data"), join(folder, "s")];
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("PORTOS_")));
  // A home of its own: what the user's shell start files do must not decide whether a test passes.
  const home = join(folder, "home");
  await mkdir(home);
  const env = {
    ...own,
    HOME: home,
    NODE_ENV: "production",
    HOST: "127.0.0.1",
    PORTOS_BASE_PORT: String(basePort),
    PORTOS_DATA_DIR: dataDir,
    PORTOS_STATE_DIR: stateDir,
    PORTOS_CONFIG_DIR: join(folder, "config"),
    PORTOS_USER_PM2_HOME: "none",
    ...extra,
  };

  async function control(...words) {
    const args = [join(root, "scripts/lib/run-control.mjs"), ...words];
    const { code, output, seconds } = await runStage({
      name: words.join(" "),
      program: process.execPath,
      args,
      env: unset(env),
      timeoutMs: 90_000,
    });
    return { code, output, seconds };
  }

  async function stop() {
    const daemon = await daemonPid(stateDir);
    const { code, output } = await control("stop", "--all");
    await endDaemon(daemon);
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    if (code !== 0) throw new Error(`The private PortOS could not be stopped:\n${output}`);
  }

  const portos = { url: `http://127.0.0.1:${basePort}`, basePort, folder, dataDir, stateDir, env, control, stop };
  if (!isStarted) return portos;
  const { code, output } = await control("start");
  if (code === 0) return portos;
  await stop();
  throw new Error(`The private PortOS did not start:\n${output}`);
}

/** Our own variables of this shell must not reach it, so they are emptied: an empty one counts as not set. */
function unset(env) {
  const foreign = Object.keys(process.env).filter((name) => name.startsWith("PORTOS_") && !(name in env));
  return { ...env, ...Object.fromEntries(foreign.map((name) => [name, ""])) };
}

async function daemonPid(stateDir) {
  const text = await readFile(join(stateDir, "pm2/pm2.pid"), "utf8").catch(() => "");
  return Number(text) || null;
}

/** The daemon ends by itself after a stop; one that does not is ended by its pid. */
async function endDaemon(pid) {
  if (pid === null) return;
  for (let round = 0; round < 60; round++) {
    if (!(await isAlive(pid))) return;
    await sleep(50);
  }
  process.kill(pid, "SIGKILL");
}

async function isAlive(pid) {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const status = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return !/\) [ZX]/.test(status);
}

/** First port of seven free ones in a row; workers of one test run that look at the same time look in different places. */
async function freeBlock() {
  const parts = 8;
  const part = Number(process.env.TEST_PARALLEL_INDEX ?? process.env.VITEST_POOL_ID ?? 0) % parts;
  for (let attempt = 0; attempt < 200; attempt++) {
    const base = 20_000 + (Math.floor(Math.random() * 212) * parts + part) * portsNeeded;
    const ports = Array.from({ length: portsNeeded }, (_, index) => base + index);
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return base;
  }
  throw new Error("There are no seven free ports in a row");
}

function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "0.0.0.0", () => server.close(() => resolve(true)));
  });
}
