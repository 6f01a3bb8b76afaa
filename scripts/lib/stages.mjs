import { spawn } from "node:child_process";
import { join } from "node:path";

import { root } from "./bootstrap.mjs";

/** A program of node_modules. */
export function tool(name) {
  return join(root, "node_modules/.bin", name);
}

/**
 * Runs one program to its end: `{ name, isOk, code, seconds, output }`. With `isShown` its output also goes to the
 * terminal. When the time is over its whole process group is ended, so that nothing stays behind.
 */
export function runStage({ name, program, args, env = {}, isShown = false, timeoutMs = 15 * 60_000 }) {
  const started = performance.now();
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, env: { ...process.env, ...env }, detached: true });
    let output = "";
    const end = () => {
      try {
        if (child.pid) process.kill(-child.pid, "SIGKILL");
      } catch {
        return; // it has ended
      }
    };
    const timer = setTimeout(() => {
      output += `\n${name} took longer than ${timeoutMs / 1000} s and was ended.\n`;
      end();
    }, timeoutMs);
    for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, end);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        output += text;
        if (isShown) process.stdout.write(text);
      });
    }
    const finish = (code) => {
      clearTimeout(timer);
      for (const signal of ["SIGINT", "SIGTERM"]) process.removeListener(signal, end);
      resolve({ name, isOk: code === 0, code, seconds: (performance.now() - started) / 1000, output });
    };
    child.once("error", (error) => {
      output += error.message;
      finish(1);
    });
    child.once("close", finish);
  });
}
