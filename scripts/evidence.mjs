// npm run evidence -- verify: proves the chain of evidence or names its first broken line, whether PortOS runs or not. With
// --expect=<number>:<hash> a row noted earlier has to be there as it was; with --file=<path> a downloaded chain is proved.
import { install, loadControl, main, root } from "./lib/bootstrap.mjs";

await main(async () => {
  install();
  const { runControl } = await loadControl();
  return runControl(root, "evidence", process.argv.slice(2));
});
