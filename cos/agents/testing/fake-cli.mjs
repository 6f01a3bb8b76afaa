// A program that writes the JSON stream of Gemini CLI. What it does stands in its prompt, one command per line:
//   say <text> · wait <ms> · flood <lines> <ms between hundreds> · pace <lines> <ms between fours> (each line names its moment) · child · fail <message> · exit <code> · quiet (no result)
//   run <command line of /bin/sh> (says what it wrote) · exit-where <NAME> · fail-where <NAME> <message> (where this variable is set) · break (half a line) · env <NAME> · echo (the prompt as one text)
import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const prompt = readFileSync(0, "utf8");
const resumed = process.argv.indexOf("-r");
const sessionId = resumed === -1 ? `session-${process.pid}` : process.argv[resumed + 1];
const write = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
const say = (content) => write({ type: "message", role: "assistant", content, delta: true });

write({ type: "init", session_id: sessionId, model: "fake" });
if (resumed !== -1) say(`resumed ${sessionId}; `);
let hasResult = true;
for (const line of prompt.split("\n")) {
  const [command, ...words] = line.split(" ");
  const rest = words.join(" ");
  if (command === "say") say(rest);
  else if (command === "echo") say(prompt);
  else if (command === "wait") await sleep(Number(rest));
  else if (command === "run") {
    const { stdout, stderr } = spawnSync("/bin/sh", ["-c", rest], { encoding: "utf8" });
    say(`${stdout}${stderr}`);
  } else if (command === "env") say(`${rest}=${process.env[rest] ?? "(none)"}`);
  else if (command === "arguments") say(process.argv.slice(2).join(" "));
  else if (command === "deaf") for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => undefined);
  else if (command === "child") {
    // One in its own session, so that only its mark tells whose it is, and one that ignores what is polite.
    const alone = spawn("sleep", ["300"], { detached: true, stdio: "ignore" });
    const stubborn = spawn("sh", ["-c", "trap '' INT TERM; sleep 301 & wait"], { stdio: "ignore" });
    alone.unref();
    stubborn.unref();
    say(`children ${alone.pid} ${stubborn.pid}`);
  } else if (command === "flood") {
    const [lines, pauseMs] = words.map(Number);
    for (let number = 1; number <= lines; number += 1) {
      write({ type: "tool_use", tool_id: `call-${number}`, tool_name: "read_file", parameters: { path: `${number}` } });
      if (number % 100 === 0) await sleep(pauseMs);
    }
  } else if (command === "pace") {
    const [lines, pauseMs] = words.map(Number);
    const began = Date.now();
    for (let number = 1; number <= lines; number += 1) {
      if (number % 4 === 1) await sleep(Math.max(0, began + (number / 4) * pauseMs - Date.now()));
      const path = `at-${Date.now()}-${number}`;
      write({ type: "tool_use", tool_id: `call-${number}`, tool_name: "read_file", parameters: { path } });
    }
  } else if (command === "fail" || (command === "fail-where" && process.env[words[0]] !== undefined)) {
    write({
      type: "result",
      status: "error",
      error: { message: command === "fail" ? rest : words.slice(1).join(" ") },
    });
    hasResult = false;
  } else if (command === "break") {
    process.stdout.write('{"type":"message","role":"assist');
    hasResult = false;
  } else if (command === "quiet") hasResult = false;
  else if (command === "exit" || (command === "exit-where" && process.env[rest] !== undefined)) {
    process.stderr.write("it went wrong\n");
    process.exit(command === "exit" ? Number(rest) : 3);
  }
}
if (hasResult)
  write({
    type: "result",
    status: "success",
    stats: { input_tokens: 100, output_tokens: 20, cached: 10, tool_calls: 0 },
  });
