/**
 * Loaded into the PM2 daemon with `--require`, before PM2 itself. PM2 puts the time before each line of what it reads from
 * a process, and reads in pieces of 64 kB: what follows the last newline of a piece is thrown away, and a character that
 * lies across two pieces is broken. So it is handed whole lines only. A line that is not finished within 200 ms, or grows
 * beyond 256 kB, is handed on as it is. PM2's own files stay untouched.
 */
export const wholeLinesHook = `"use strict";
const childProcess = require("node:child_process");

function handOnWholeLines(stream) {
  const on = stream.on;
  stream.on = function (event, listener) {
    if (event !== "data") return on.call(this, event, listener);
    let held = [];
    let size = 0;
    let timer;
    const flush = () => {
      clearTimeout(timer);
      timer = undefined;
      if (size === 0) return;
      const bytes = Buffer.concat(held);
      held = [];
      size = 0;
      listener.call(stream, bytes);
    };
    const hold = (bytes) => {
      if (bytes.length === 0) return;
      held.push(bytes);
      size += bytes.length;
    };
    on.call(stream, "end", flush);
    on.call(stream, "close", flush);
    return on.call(stream, "data", (chunk) => {
      const end = chunk.lastIndexOf(10) + 1;
      hold(chunk.subarray(0, end));
      if (end > 0) flush();
      hold(chunk.subarray(end));
      if (size > 262144) flush();
      else if (size > 0 && !timer) timer = setTimeout(flush, 200);
    });
  };
}

// A worker PM2 starts may inherit the option; its children are none of our business.
if (/[\\\\/]lib[\\\\/]Daemon\\.js$/.test(process.argv[1] || "")) {
  const spawn = childProcess.spawn;
  childProcess.spawn = function (...given) {
    const child = spawn.apply(this, given);
    for (const stream of [child.stdout, child.stderr]) if (stream) handOnWholeLines(stream);
    return child;
  };
}
`;
