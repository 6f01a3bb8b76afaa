// The six processes of PortOS. `npm start` reads this file; PM2 can read it, too: `npm run pm2 -- start ecosystem.config.cjs`.
const path = require("node:path");

const { layout, processEnvironment } = require("./scripts/lib/layout.cjs");

const { rootDir, logsDir, ports } = layout();

const megabyte = 1024 * 1024;

/** So few new objects are sooner copied by one thread than shared out among several. */
const oneCollector = "--no-parallel-scavenge";

/**
 * The optimising compiler is 4 MB of Node that one hot function brings into memory. Where nothing is ever hot it stays
 * out; the two processes that stream take it only for what really is, not for what a start does often, which Node 20 and later
 * ones spell differently.
 */
const neverHot = ["--max-semi-space-size=1", oneCollector, "--optimize-for-size", "--no-opt"];
const nodeMajor = Number.parseInt(process.versions.node, 10);
const lateHot = nodeMajor < 21 ? ["--interrupt-budget=1500000"] : ["--invocation-count-for-turbofan=50000"];

/** What glibc frees goes back to the system, from one arena for all threads; other C libraries do not read these. */
const returnFreed = { MALLOC_ARENA_MAX: "1", MALLOC_TRIM_THRESHOLD_: "131072" };

/** One process; what is not said here is the same for all six. */
function processOf(name, script, port, settings = {}) {
  const { maxMemoryMegabytes = 300, env = {}, ...more } = settings;
  return {
    name,
    namespace: "portos",
    cwd: rootDir,
    script: path.join(rootDir, "dist", script),
    interpreter: process.execPath,
    node_args: neverHot,
    exec_mode: "fork",
    env: { ...processEnvironment(), PORT: String(port), ...env },
    filter_env: true,
    out_file: path.join(logsDir, `${name}.log`),
    error_file: path.join(logsDir, `${name}.log`),
    merge_logs: true,
    log_date_format: "YYYY-MM-DDTHH:mm:ss.SSS[Z]",
    autorestart: true,
    exp_backoff_restart_delay: 100,
    min_uptime: 5_000,
    max_restarts: 15,
    max_memory_restart: maxMemoryMegabytes * megabyte,
    kill_timeout: 11_000,
    wait_ready: true,
    listen_timeout: 15_000,
    treekill: true,
    pmx: false,
    vizion: false,
    disable_source_map_support: true,
    ...more,
  };
}

module.exports = {
  apps: [
    processOf("portos-server", "server.js", ports.server, {
      maxMemoryMegabytes: 700,
      // Room for new objects would grow only after they were copied many times, and nearly all of what a start makes stays.
      node_args: ["--max-semi-space-size=2", "--min-semi-space-size=2", oneCollector, ...lateHot],
      env: returnFreed,
    }),
    processOf("portos-ui", "ui.js", ports.ui, { maxMemoryMegabytes: 200 }),
    // Chrome is ended by its own process, in an orderly way; PM2 counts only the Node part.
    processOf("portos-browser", "browser.js", ports.browserHealth),
    // What the user started here must survive: PM2 may never end the descendants of this process.
    // Floods of terminal output want a larger young generation than the rest; a full-sized one would stay at 16 MB.
    processOf("portos-cos", "cos.js", ports.cos, {
      maxMemoryMegabytes: 1_500,
      treekill: false,
      node_args: ["--max-semi-space-size=4", ...lateHot],
    }),
    processOf("portos-autofixer", "autofixer.js", ports.autofixer),
    processOf("portos-autofixer-ui", "autofixer-ui.js", ports.autofixerUi, { maxMemoryMegabytes: 200 }),
  ],
};
