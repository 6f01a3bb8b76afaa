// npm run status: a table of the six processes; exit code 1 unless all are healthy.
import { install, loadControl, main, root } from "./lib/bootstrap.mjs";

await main(async () => {
  install();
  const { runControl } = await loadControl();
  return runControl(root, "status", process.argv.slice(2));
});
