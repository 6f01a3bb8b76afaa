// Acknowledged durable updates per second of one file, beside a bare write + fsync + rename loop and beside SQLite.
//   node bench/store.mjs [--save] [--folder=<folder on the disk to measure>]
import { execFileSync } from "node:child_process";
import { closeSync, fsyncSync, mkdtempSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { bundleProgram } from "../scripts/lib/bundle-program.mjs";
import { format, median, report } from "./lib/report.mjs";

const seconds = 1;
const repeats = 5;
const writerCounts = [1, 8, 64];
const parent = process.argv.find((arg) => arg.startsWith("--folder="))?.slice("--folder=".length) ?? tmpdir();
const folder = mkdtempSync(join(parent, "portos-bench-"));
const bundle = await bundleProgram("bench/lib/store-parts.ts");
const { openJsonStore, silentLogger, counters } = await import(pathToFileURL(bundle).href);

/** The document all of them write: 64 counters, about 1.4 kB. */
const initial = Object.fromEntries(Array.from({ length: 64 }, (_, at) => [`writer-${at}`, 0]));
const text = JSON.stringify({ version: 1, data: initial }, null, 2);

async function ours(writers) {
  const file = join(folder, "counters.json");
  const store = await openJsonStore({ file, schema: counters, initial, version: 1, logger: silentLogger });
  const end = performance.now() + seconds * 1_000;
  let acknowledged = 0;
  const before = sum(store.get());
  const write = async (name) => {
    while (performance.now() < end) {
      await store.update((current) => ({ next: { ...current, [name]: current[name] + 1 }, result: null }));
      acknowledged += 1;
    }
  };
  await Promise.all(Array.from({ length: writers }, (_, at) => write(`writer-${at}`)));
  if (sum(store.get()) - before !== acknowledged) throw new Error("Updates were lost");
  await store.close();
  return acknowledged / seconds;
}

function bareLoop(withFolder) {
  const file = join(folder, "bare.json");
  const end = performance.now() + seconds * 1_000;
  let written = 0;
  for (; performance.now() < end; written += 1) {
    const handle = openSync(`${file}.tmp`, "w", 0o600);
    writeSync(handle, text);
    fsyncSync(handle);
    closeSync(handle);
    renameSync(`${file}.tmp`, file);
    if (withFolder) {
      const parentHandle = openSync(folder, "r");
      fsyncSync(parentHandle);
      closeSync(parentHandle);
    }
  }
  return written / seconds;
}

async function sqlite() {
  const file = join(folder, "peer.db");
  const module = await import("node:sqlite").catch(() => null);
  if (!module) return sqliteOfPython(file);
  const database = new module.DatabaseSync(file);
  database.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL");
  database.exec("CREATE TABLE IF NOT EXISTS value (id INTEGER PRIMARY KEY, count INTEGER, text TEXT)");
  database.prepare("INSERT OR REPLACE INTO value VALUES (1, 0, ?)").run(text);
  const statement = database.prepare("UPDATE value SET count = count + 1, text = ? WHERE id = 1");
  const end = performance.now() + seconds * 1_000;
  let updates = 0;
  for (; performance.now() < end; updates += 1) statement.run(text);
  database.close();
  return updates / seconds;
}

function sqliteOfPython(file) {
  const program = fileURLToPath(new URL("lib/sqlite-peer.py", import.meta.url));
  try {
    const output = execFileSync("python3", [program, file, String(seconds), text], { encoding: "utf8", stdio: "pipe" });
    return Number(output);
  } catch {
    return null;
  }
}

function sum(value) {
  return Object.values(value).reduce((total, count) => total + count, 0);
}

const measured = { bare: [], bareWithFolder: [], sqlite: [], ...Object.fromEntries(writerCounts.map((n) => [n, []])) };
for (let round = 0; round < repeats; round += 1) {
  measured.bare.push(bareLoop(false));
  measured.bareWithFolder.push(bareLoop(true));
  measured.sqlite.push(await sqlite());
  for (const writers of writerCounts) measured[writers].push(await ours(writers));
}
rmSync(folder, { recursive: true });
rmSync(bundle);

const bare = median(measured.bare);
const row = (name, numbers) =>
  numbers.includes(null)
    ? [name, "not available", ""]
    : [name, format(median(numbers)), format(median(numbers) / bare, 2)];
const ratio = median(measured[64]) / bare;
report({
  program: "store",
  title: "acknowledged durable updates of one file per second",
  columns: [`${format(text.length)} bytes, median of ${repeats} × ${seconds} s`, "updates/s", "× bare loop"],
  rows: [
    row("bare write + fsync + rename", measured.bare),
    row("bare write + fsync + rename + fsync of the folder", measured.bareWithFolder),
    row("SQLite, WAL, synchronous=FULL", measured.sqlite),
    ...writerCounts.map((writers) =>
      row(`PortOS store, ${writers} ${writers === 1 ? "writer" : "writers"}`, measured[writers]),
    ),
  ],
  goals: [{ text: `64 writers at least 3 × the bare loop (${format(ratio, 2)} ×)`, isMet: ratio >= 3 }],
  notes: [
    "The bare loops use synchronous calls and block their process; the store validates, keeps a backup and blocks nothing.",
    "SQLite lets one writer in at a time, so its figure holds for any number of writers.",
  ],
});
