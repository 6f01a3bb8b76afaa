import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A temporary folder for one test run; short, because PM2's sockets in it have to fit into 98 characters. */
export function createTestFolder() {
  return mkdtemp(join(tmpdir(), "pt-"));
}

/** What a test has told to end may need this long. */
const graceMs = 5000;

/**
 * Removes the folder of a test run after ending every process that still names it in its command line, and names
 * those: a test that leaves one behind has failed. Processes are looked for on Linux only.
 */
export async function removeTestFolder(folder) {
  const found = process.platform === "linux" ? await leftoversAfterGrace(folder) : [];
  for (const { pid } of found) end(pid);
  await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  return found.map(({ pid, command }) => `left behind: ${command.replace(/\s+/g, " ").slice(-200)} (pid ${pid})`);
}

async function leftoversAfterGrace(folder) {
  const until = Date.now() + graceMs;
  let found = await leftovers(folder);
  while (found.length > 0 && Date.now() < until) {
    await sleep(200);
    found = await leftovers(folder);
  }
  return found;
}

async function leftovers(folder) {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  const all = await Promise.all(
    pids.map(async (pid) => ({
      pid: Number(pid),
      command: (await readOr(`/proc/${pid}/cmdline`)).replaceAll("\0", " ").trim(),
    })),
  );
  return all.filter(({ command }) => command.includes(`${folder}/`));
}

function end(pid) {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    return; // it has ended meanwhile
  }
}

function readOr(file) {
  return readFile(file, "utf8").catch(() => "");
}
