// npm run dev: the panel with Vite's hot reload in place of portos-ui; a process restarts when its sources change.
import { existsSync, watch } from "node:fs";
import { join } from "node:path";

import { install, loadControl, main, root } from "./lib/bootstrap.mjs";
import { bundles } from "./lib/targets.mjs";

const settleMs = 200;
const watched = ["contract", "lib", "server", "cos", "browser", "autofixer", "mcp"];
const processBundles = bundles.map(({ name }) => name).filter((name) => name !== "ui" && name !== "control");
const isIgnored = /(?:\.test\.tsx?|~|\.sw[px])$/;

await main(async () => {
  install();
  const { build } = await import("./build.mjs");
  await build({ only: processBundles });
  const { runControl } = await loadControl();
  const code = await runControl(root, "start", ["--quiet", "--without-ui"]);
  if (code !== 0) return code;

  const { createServer } = await import("vite");
  const vite = await createServer({ configFile: join(root, "client/vite.config.ts"), mode: "development" });
  await vite.listen();
  console.log(
    "The page reloads by itself; processes restart when their sources change. Ctrl-C ends this, PortOS goes on.",
  );
  vite.printUrls();

  const restart = inTurn(async () => {
    try {
      const built = await build({ only: processBundles });
      if (built.length > 0) await runControl(root, "start", ["--quiet", "--without-ui"]);
    } catch (error) {
      console.error(error instanceof Error ? error.message : error);
    }
  });
  const watchers = watched
    .filter((folder) => existsSync(join(root, folder)))
    .map((folder) =>
      watch(join(root, folder), { recursive: true }, (_, file) => {
        if (file && !isIgnored.test(file)) restart();
      }),
    );

  await new Promise((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
  });
  for (const watcher of watchers) watcher.close();
  await vite.close();
  await build({ only: ["ui", "client"] });
  return runControl(root, "start", ["--quiet"]);
});

/** Calls `work` once things have settled, never twice at a time, and once more when something changed meanwhile. */
function inTurn(work) {
  let timer;
  let isRunning = false;
  let isWanted = false;
  const run = async () => {
    if (isRunning) {
      isWanted = true;
      return;
    }
    isRunning = true;
    await work();
    isRunning = false;
    if (isWanted) {
      isWanted = false;
      await run();
    }
  };
  return () => {
    clearTimeout(timer);
    timer = setTimeout(() => void run(), settleMs);
  };
}
