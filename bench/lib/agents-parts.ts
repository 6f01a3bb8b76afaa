import { startCos } from "../../cos/app.ts";
import { parseEnv } from "../../lib/env.ts";
import { silentLogger } from "../../lib/logger.ts";

// portos-cos with room for fifty runs at once; says its port and ends with its input.
const runLimits = { total: 60, perApp: 60, perProvider: 60 };
const cos = await startCos({ env: parseEnv(process.env, process.cwd()), logger: silentLogger, port: 0, runLimits });
process.stdout.write(`${cos.port}\n`);
process.stdin.resume().once("end", () => {
  void cos.stop().then(() => process.exit(0));
});
