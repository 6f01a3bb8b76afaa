import { AppError } from "../lib/app-error.ts";
import { runBridge } from "./bridge.ts";
import { bridgeSettings } from "./bridge-settings.ts";

// Whoever reads the other end has gone: there is nobody to tell.
process.stdout.on("error", () => process.exit(0));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.stdin.destroy());

try {
  await runBridge({
    ...bridgeSettings(process.env, process.argv.slice(2)),
    input: process.stdin,
    output: process.stdout,
  });
  process.exit(0);
} catch (error) {
  const { message, hint } = error instanceof AppError ? error : new AppError("internal", String(error));
  process.stderr.write(`${message}${hint === undefined ? "" : `. ${hint}`}\n`);
  process.exit(1);
}
