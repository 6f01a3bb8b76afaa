// Start to healthy, CPU of portos-server until it is ready, memory and CPU of the six idle processes, size of the install.
//   node bench/start.mjs [--save] [--idle-seconds 60]
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { build } from "../scripts/build.mjs";
import { createPrivatePortos } from "../scripts/lib/private-portos.mjs";
import { root } from "../scripts/lib/bootstrap.mjs";
import { runStage } from "../scripts/lib/stages.mjs";
import { format, median, report } from "./lib/report.mjs";

const rounds = 5;
const clockTicksPerSecond = 100;
const idleSeconds = Number(process.argv[process.argv.indexOf("--idle-seconds") + 1]) || 60;

/** Process ids by PM2 name, from the files PM2 keeps. */
function processIds(stateDir) {
  const folder = join(stateDir, "pm2/pids");
  return readdirSync(folder).map((file) => ({
    name: file.replace(/-\d+\.pid$/, ""),
    pid: Number(readFileSync(join(folder, file), "utf8")),
  }));
}

function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / clockTicksPerSecond;
}

function memory(pid) {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const megabytes = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)[1]) / 1024;
  return { rss: megabytes("Rss"), pss: megabytes("Pss") };
}

/** The command as a user gives it, with npm, the checks and all. */
function npmStart() {
  return runStage({ name: "npm start", program: "npm", args: ["start"], env: portos.env });
}

await build();
const portos = await createPrivatePortos({ isStarted: false });
try {
  const [starts, seconds, serverCpu] = [[], [], []];
  for (let round = 0; round < rounds; round++) {
    const { code, output, seconds: took } = await npmStart();
    if (code !== 0) throw new Error(output);
    starts.push(took);
    serverCpu.push(cpuSeconds(processIds(portos.stateDir).find(({ name }) => name === "portos-server").pid));
    seconds.push((await npmStart()).seconds);
    if (round < rounds - 1) await portos.control("stop", "--all");
  }
  await sleep(idleSeconds * 1000);
  const processes = processIds(portos.stateDir);
  const before = processes.map(({ pid }) => cpuSeconds(pid));
  const watchedSeconds = 20;
  await sleep(watchedSeconds * 1000);
  const rows = processes.map(({ name, pid }, index) => {
    const { rss, pss } = memory(pid);
    return { name, rss, pss, cpu: ((cpuSeconds(pid) - before[index]) / watchedSeconds) * 100 };
  });
  const sum = (key) => rows.reduce((total, row) => total + row[key], 0);
  const installed = Number(
    execFileSync("du", ["-sm", join(root, "node_modules")], { encoding: "utf8" }).split("\t")[0],
  );
  const results = [
    ["npm start, everything built → six healthy (s, median of 5)", median(starts), 3, 2],
    ["second npm start, nothing changed (s, median of 5)", median(seconds), 3, 2],
    ["CPU of portos-server until all are healthy (s, median of 5)", median(serverCpu), 0.6, 2],
    [`RSS of the six, ${idleSeconds} s after start (MB)`, sum("rss"), 330, 0],
    [`PSS of the six, ${idleSeconds} s after start (MB)`, sum("pss"), 140, 0],
    ["idle CPU of the six (% of a core)", sum("cpu"), 0.5, 2],
    ["node_modules (MB)", installed, 450, 0],
  ];
  report({
    program: "start",
    title: "start, memory and size",
    columns: ["what", "ours", "limit"],
    rows: [
      ...results.map(([what, value, limit, digits]) => [what, format(value, digits), format(limit, limit < 1 ? 1 : 0)]),
      ...rows.map(({ name, rss, pss }) => [`${name}: RSS / PSS (MB)`, `${format(rss)} / ${format(pss)}`, ""]),
    ],
    goals: results.map(([what, value, limit]) => ({ text: what, isMet: value <= limit })),
    notes: [
      "Chromium is up, its own processes are not counted. PSS shares the Node binary among the processes that run.",
    ],
  });
} finally {
  await portos.stop();
}
