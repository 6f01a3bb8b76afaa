// A program that writes the JSON stream of Gemini CLI and knows one crash: first it says what is wrong, then it mends it.
//   MENDS=well|badly|breaks-checks|early in the environment says how
import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const prompt = readFileSync(0, "utf8");
const how = process.env["MENDS"] ?? "well";
const resumed = process.argv.indexOf("-r");
const write = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
const say = (content) => write({ type: "message", role: "assistant", content, delta: true });

write({ type: "init", session_id: resumed === -1 ? "mending" : process.argv[resumed + 1], model: "scripted" });
await sleep(50);
if (prompt.includes("Now mend it")) {
  const source = readFileSync("server.mjs", "utf8");
  const mended = how === "badly" ? source.replace("broken()", "stillBroken()") : source.replace("broken();", "");
  writeFileSync("server.mjs", mended);
  if (how === "breaks-checks") writeFileSync("check.mjs", "process.exit(1);\n");
  say("server.mjs does not call broken any more.");
} else {
  const fence = /<<<data ([0-9a-f]{24}) trust=outside/.exec(prompt)?.[1] ?? "none";
  const isFenced = prompt.includes("| ") && prompt.includes("ReferenceError: broken is not defined");
  say(
    `server.mjs line 4 calls broken, which is not defined (evidence ${isFenced ? "fenced" : "missing"}, ${fence.length}).`,
  );
}
write({ type: "result", status: "success", stats: { input_tokens: 100, output_tokens: 20, cached: 0, tool_calls: 0 } });
