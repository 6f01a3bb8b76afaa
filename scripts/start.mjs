// npm start: checks Node, installs the lock file and builds when needed, then brings up the six processes.
//   npm start -- --restart-cos   also restarts portos-cos when it has changed, ending the terminals in it
import { install, loadControl, main, root } from "./lib/bootstrap.mjs";

await main(async () => {
  install();
  const { build, pruneFormerBuilds } = await import("./build.mjs");
  const built = await build();
  if (built.length > 0) console.log(`✓ built ${built.join(", ")}`);
  const { runControl } = await loadControl();
  return runControl(root, "start", process.argv.slice(2), { onAllCurrent: pruneFormerBuilds });
});
