// npm stop: ends the six processes. With "-- --all" agents at work and your apps under PM2, too.
import { install, loadControl, main, root } from "./lib/bootstrap.mjs";

await main(async () => {
  install();
  const { runControl } = await loadControl();
  return runControl(root, "stop", process.argv.slice(2));
});
