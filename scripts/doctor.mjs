// npm run doctor: looks at everything PortOS depends on; each finding says how to mend it. Changes nothing but folders it makes.
import { isInstalled, loadControl, main, root, SetupError } from "./lib/bootstrap.mjs";

await main(async () => {
  console.log(`✓ Node ${process.versions.node}`);
  if (!isInstalled())
    throw new SetupError("The packages do not match package-lock.json.", "Run npm start (it installs them) or npm ci.");
  console.log("✓ The packages match package-lock.json");
  const { runControl } = await loadControl();
  return runControl(root, "doctor", process.argv.slice(2));
});
