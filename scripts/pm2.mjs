// npm run pm2 -- <command>: PM2 with the home of PortOS instead of ~/.pm2.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

import { main, root, SetupError } from "./lib/bootstrap.mjs";
import layoutModule from "./lib/layout.cjs";

await main(() => {
  const { pm2Home } = layoutModule.layout();
  const program = join(root, "node_modules/pm2/bin/pm2");
  if (!existsSync(program)) throw new SetupError("PM2 is not installed.", "Run npm start first.");
  // Without our daemon PM2 would start one of its own, out of node_modules and with this shell's environment.
  if (!existsSync(join(pm2Home, "rpc.sock"))) throw new SetupError("PortOS is not running.", "Run npm start first.");
  const env = { ...process.env, PM2_HOME: pm2Home, PM2_DISABLE_VERSION_CHECK: "true", TZ: "UTC" };
  return spawnSync(process.execPath, [program, ...process.argv.slice(2)], { env, stdio: "inherit" }).status ?? 1;
});
