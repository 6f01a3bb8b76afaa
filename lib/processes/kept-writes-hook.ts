/**
 * Loaded into the PM2 daemon with `--require`, before PM2 itself. PM2 throws away what is still to be written when it opens
 * the logs anew or a process has ended: it destroys the streams, and for a moment it has none to write standard error to.
 * So a log that is let go is written to its end first; its successor is opened only then, and takes what is printed
 * meanwhile. Whoever sees a new file under the log's name knows that the old one is complete. The logs of a process that
 * has ended stay open until its output has been read, two seconds at most. Log files are the user's alone (0600).
 */
export const keptWritesHook = `"use strict";
const fs = require("node:fs");
const childProcess = require("node:child_process");

const ending = new Set();
let count = 0;

/** Calls back when every log of this name that was opened earlier and is let go now has been written. */
function whenWritten(file, number, done) {
  const earlier = [...ending].filter((log) => log.file === file && log.number < number);
  let left = earlier.length;
  if (left === 0) return done();
  for (const { stream } of earlier)
    stream.once("close", () => {
      left -= 1;
      if (left === 0) done();
    });
}

function logStream(createWriteStream, file, options) {
  const number = ++count;
  const isReopened = [...ending].some((log) => log.file === file);
  const { write, writev, close, fsync } = fs;
  const open = (...given) => whenWritten(file, number, () => fs.open(...given));
  const stream = createWriteStream(file, { ...options, mode: 0o600, fs: { open, write, writev, close, fsync } });
  const { destroy, on } = stream;
  stream.destroy = function (error, ...more) {
    if (error || stream.writableFinished) return destroy.call(stream, error, ...more);
    if (stream.writableEnded) return stream;
    const log = { file, number, stream };
    ending.add(log);
    stream.once("close", () => ending.delete(log));
    return stream.end();
  };
  // PM2 gets to standard error once standard output is open: it need not wait, both take lines at once.
  if (isReopened)
    stream.on = function (event, listener) {
      if (event !== "open") return on.call(stream, event, listener);
      process.nextTick(listener);
      return stream;
    };
  return stream;
}

function closeLogsLate(child) {
  const once = child.once;
  child.once = function (event, listener) {
    if (event !== "exit" || listener.name !== "forkClose") return once.call(child, event, listener);
    let timer;
    let isClosed = false;
    const closeLogs = (...given) => {
      clearTimeout(timer);
      if (!isClosed) listener.apply(child, given);
      isClosed = true;
    };
    once.call(child, "exit", (...given) => {
      if (!isClosed) timer = setTimeout(closeLogs, 2000, ...given).unref();
    });
    return once.call(child, "close", closeLogs);
  };
}

// A worker PM2 starts may inherit the option; its files are none of our business.
if (/[\\\\/]lib[\\\\/]Daemon\\.js$/.test(process.argv[1] || "")) {
  const createWriteStream = fs.createWriteStream;
  fs.createWriteStream = function (file, options) {
    if (!options || options.flags !== "a") return createWriteStream(file, options);
    return logStream(createWriteStream, file, options);
  };
  const spawn = childProcess.spawn;
  childProcess.spawn = function (...given) {
    const child = spawn.apply(this, given);
    closeLogsLate(child);
    return child;
  };
}
`;
