// The six processes of PortOS. `npm start` reads this file; PM2 can read it, too: `npm run pm2 -- start ecosystem.config.cjs`.
const path = require("node:path");

const { layout, processEnvironment } = require("./scripts/lib/layout.cjs");

const { rootDir, logsDir, ports } = layout();

const megabyte = 1024 * 1024;

/** A young generation of 1 MB and code compiled for size: portos-server idles at 71 instead of 87 MB. */
const idleSmall = ["--max-semi-space-size=1", "--optimize-for-size"];

/** One process; what is not said here is the same for all six. */
function processOf(name, script, port, settings = {}) {
  const { maxMemoryMegabytes = 300, ...more } = settings;
  return {
    name,
    namespace: "portos",
    cwd: rootDir,
    script: path.join(rootDir, "dist", script),
    interpreter: process.execPath,
    node_args: idleSmall,
    exec_mode: "fork",
    env: { ...processEnvironment(), PORT: String(port) },
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
    processOf("portos-server", "server.js", ports.server, { maxMemoryMegabytes: 700 }),
    processOf("portos-ui", "ui.js", ports.ui, { maxMemoryMegabytes: 200 }),
    // Chrome is ended by its own process, in an orderly way; PM2 counts only the Node part.
    processOf("portos-browser", "browser.js", ports.browserHealth),
    // What the user started here must survive: PM2 may never end the descendants of this process.
    // Floods of terminal output want a full-sized young generation.
    processOf("portos-cos", "cos.js", ports.cos, { maxMemoryMegabytes: 1_500, treekill: false, node_args: [] }),
    processOf("portos-autofixer", "autofixer.js", ports.autofixer),
    processOf("portos-autofixer-ui", "autofixer-ui.js", ports.autofixerUi, { maxMemoryMegabytes: 200 }),
  ],
};
