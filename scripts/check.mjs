// npm run check: format, lint, types, imports and generated files, side by side; exit code 1 when one of them fails.
import { main } from "./lib/bootstrap.mjs";
import { runStage, tool } from "./lib/stages.mjs";

const stages = [
  { name: "format", program: tool("prettier"), args: ["--check", "--log-level", "warn", "."] },
  { name: "lint", program: tool("oxlint"), args: ["--type-aware", "--deny-warnings"] },
  { name: "types", program: tool("tsc"), args: ["--noEmit"] },
  { name: "imports", program: process.execPath, args: ["scripts/check-imports.mjs"] },
  { name: "lock", program: process.execPath, args: ["scripts/complete-lock.mjs", "--check"] },
  { name: "generated", program: process.execPath, args: ["scripts/generate.mjs", "--check"] },
];

await main(async () => {
  const results = await Promise.all(stages.map((stage) => runStage(stage)));
  for (const { name, isOk, seconds, output } of results) {
    console.log(`${isOk ? "✓" : "✗"} ${name} (${seconds.toFixed(1)} s)`);
    if (!isOk) console.log(output.trim().replace(/^/gm, "    "));
  }
  return results.every(({ isOk }) => isOk) ? 0 : 1;
});
