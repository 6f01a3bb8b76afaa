// npm run access: who may come in. With -- --reset-pin it takes a forgotten PIN away; only who may write data/ can.
import { install, loadControl, main, root } from "./lib/bootstrap.mjs";

await main(async () => {
  install();
  const { runControl } = await loadControl();
  return runControl(root, "access", process.argv.slice(2));
});
