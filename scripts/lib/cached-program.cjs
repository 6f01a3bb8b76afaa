// Runs a built program with what V8 has made of its text before: reading three megabytes anew is a fifth of the time in which
// portos-server starts. What V8 made lies beside each part of the program, and is made again when it is not there, is damaged, or
// is of another Node or other settings. Without it everything runs the same, only later.
const { createHash } = require("node:crypto");
const { readFileSync } = require("node:fs");
const { rename, rm, writeFile } = require("node:fs/promises");
const { createRequire } = require("node:module");
const path = require("node:path");
const { Script } = require("node:vm");
const { crc32 } = require("node:zlib");

/** By then a start is over, so that what it needs is in there. */
const writeAfterMs = 3_000;
const sumBytes = 4;

/** Of another Node, or with other settings of V8, another one is needed; both are kept. */
const suffix = `.${createHash("sha256")
  .update([process.version, process.arch, ...process.execArgv].join(" "))
  .digest("hex")
  .slice(0, 8)}.cache`;

/** Runs the program that begins in `entry`, an absolute path. Its name and those of its parts change with their content. */
function runCached(entry) {
  const modules = new Map();
  let fresh = [];

  function load(file) {
    const known = modules.get(file);
    if (known) return known.exports;
    const module = { exports: {} };
    modules.set(file, module);
    try {
      run(file, module);
    } catch (error) {
      modules.delete(file); // as Node does: the next one who asks is told the same, and not given half of it
      throw error;
    }
    return module.exports;
  }

  function run(file, module) {
    const script = read(file);
    const nodes = createRequire(file);
    const requireHere = (id) =>
      id.startsWith("./") || id.startsWith("../") ? load(path.join(path.dirname(file), id)) : nodes(id);
    Object.assign(requireHere, nodes);
    script.runInThisContext().call(module.exports, module.exports, requireHere, module, file, path.dirname(file));
  }

  function read(file) {
    const cachedData = readCache(file + suffix);
    // The build leaves nothing beyond ASCII.
    const script = new Script(
      `(function(exports,require,module,__filename,__dirname){${readFileSync(file, "latin1")}\n})`,
      {
        filename: file,
        cachedData,
      },
    );
    if (!cachedData || script.cachedDataRejected) {
      if (fresh.length === 0) setTimeout(writeFresh, writeAfterMs).unref();
      fresh.push({ file, script });
    }
    return script;
  }

  function writeFresh() {
    const written = fresh;
    fresh = [];
    for (const { file, script } of written) void writeCache(file + suffix, script.createCachedData());
  }

  return load(entry);
}

/** Nothing for one that is not there or not whole: V8 itself looks only at who made it. */
function readCache(file) {
  try {
    const bytes = readFileSync(file);
    const data = bytes.subarray(sumBytes);
    return bytes.length > sumBytes && bytes.readUInt32LE(0) === crc32(data) ? data : undefined;
  } catch {
    return undefined; // not written yet
  }
}

async function writeCache(file, data) {
  const sum = Buffer.alloc(sumBytes);
  sum.writeUInt32LE(crc32(data));
  const unfinished = `${file}.${process.pid}`;
  try {
    await writeFile(unfinished, [sum, data]);
    await rename(unfinished, file);
  } catch {
    await rm(unfinished, { force: true }).catch(() => undefined); // a full disk, or a folder that is read only
  }
}

module.exports = { runCached };
