// npm test: installs and builds what is needed, then check, unit, http, process, agents and end-to-end tests.
// The last line is "N passed, N failed"; the exit code is 0 only when nothing failed.
//   npm test -- unit http    these stages only
// Up to three failed tests of a stage are repeated once, with nothing beside them. Those that pass then are named in
// the summary as unsteady; those that fail again are failures, and are named with their messages at the end.
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { findChromium, installChromium } from "./lib/chromium.mjs";
import { install, main, root } from "./lib/bootstrap.mjs";
import { failedOfPlaywright, failedOfVitest } from "./lib/failed-tests.mjs";
import { createTestFolder, removeTestFolder } from "./lib/leftovers.mjs";
import { runStage, tool } from "./lib/stages.mjs";

const resultsDir = join(root, "test-results");
/** More than these are no chance: they fail at once. */
const mostRepeated = 3;
const stages = [
  { name: "check", run: runCheck },
  { name: "unit", run: () => runVitest("unit", ownHome()) },
  { name: "http", run: () => runVitest("http", ownHome()) },
  { name: "process", run: () => runVitest("process", ownHome()) },
  { name: "agents", run: () => runVitest("agents") },
  { name: "e2e", run: runPlaywright },
];

/** `{ passed, failed, notes }` of one stage. A stage that fails without a failed test counts as one failure. */
function outcome({ isOk, passed, failed, skipped = 0 }) {
  const notes = skipped > 0 ? [`${skipped} skipped`] : [];
  return isOk || failed > 0
    ? { passed, failed, notes }
    : { passed, failed: 1, notes: [...notes, "did not run to its end"] };
}

async function runCheck() {
  const { isOk, output } = await runStage({
    name: "check",
    program: process.execPath,
    args: ["scripts/check.mjs"],
    isShown: true,
  });
  const count = (mark) => output.split("\n").filter((line) => line.startsWith(mark)).length;
  return outcome({ isOk, passed: count("✓"), failed: count("✗") });
}

/** What the user's shell does when it starts must not decide whether a test passes, nor a killed one leave traces there. */
function ownHome() {
  const home = join(tmpdir(), "home");
  mkdirSync(home, { recursive: true });
  return { HOME: home };
}

async function runVitest(project, env = {}) {
  const once = async (files) => {
    const file = join(resultsDir, `${project}.json`);
    rmSync(file, { force: true });
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
    const args = ["run", "--project", project, ...reporters, ...files];
    const { isOk } = await runStage({ name: project, program: tool("vitest"), args, env, isShown: true });
    const report = readJson(file);
    if (!report) return { isOk: false, passed: 0, failed: 0, tests: [] };
    const { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped } = report;
    return { isOk, passed, failed, skipped, tests: failedOfVitest(report, root) };
  };
  return withSecondLook(await once([]), (tests) => once([...new Set(tests.map(({ file }) => file))]));
}

async function runPlaywright() {
  if (!findChromium() && !(await installChromium())) {
    return {
      passed: 0,
      failed: 1,
      notes: ["no Chromium: install it (Debian: sudo apt-get install chromium) and run npm test again"],
    };
  }
  return withSecondLook(await playwrightOnce([]), () => playwrightOnce(["--last-failed", "--workers=1"]));
}

async function playwrightOnce(more) {
  const file = join(resultsDir, "e2e.json");
  rmSync(file, { force: true });
  const { isOk } = await runStage({
    name: "e2e",
    program: tool("playwright"),
    args: ["test", "--reporter=list,json", ...more],
    env: { PLAYWRIGHT_JSON_OUTPUT_NAME: file },
    isShown: true,
  });
  const report = readJson(file);
  if (!report) return { isOk: false, passed: 0, failed: 0, tests: [] };
  const { expected, unexpected, flaky, skipped } = report.stats;
  return { isOk, passed: expected, failed: unexpected + flaky, skipped, tests: failedOfPlaywright(report) };
}

/** A stage that ran once as it is told, or, where few of its tests failed, after those were repeated. */
async function withSecondLook(first, repeat) {
  const { tests } = first;
  if (first.isOk || tests.length === 0 || tests.length > mostRepeated || tests.length !== first.failed) {
    return { ...outcome(first), tests };
  }
  console.log(`\nRepeating ${tests.map(({ title }) => title).join(", ")}`);
  const second = await repeat(tests);
  if (!second.isOk && second.tests.length === 0) return { ...outcome(first), tests };
  const again = (test) => second.tests.some(({ file, title }) => file === test.file && title === test.title);
  const failed = tests.filter(again);
  const counted = { ...first, passed: first.passed + tests.length - failed.length, failed: failed.length };
  return {
    ...outcome({ ...counted, isOk: second.isOk }),
    tests: failed,
    unsteady: tests.filter((test) => !again(test)),
  };
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return null; // the program ended before it could report
  }
}

await main(async () => {
  const wanted = process.argv.slice(2);
  const unknown = wanted.filter((word) => !stages.some(({ name }) => name === word));
  if (unknown.length > 0) throw new Error(`There is no stage named ${unknown.join(", ")}`);
  install();
  const { build } = await import("./build.mjs");
  await build();
  const results = [];
  const folder = await createTestFolder();
  process.env.TMPDIR = folder;
  for (const { name, run } of stages) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    console.log(`\n── ${name} ──`);
    const started = performance.now();
    results.push({ name, ...(await run()), seconds: (performance.now() - started) / 1000 });
  }
  const leftovers = await removeTestFolder(folder);
  if (leftovers.length > 0)
    results.push({ name: "leftovers", passed: 0, failed: leftovers.length, notes: leftovers, seconds: 0 });

  console.log();
  for (const { name, passed, failed, notes, seconds } of results) {
    const line = `${failed === 0 ? "✓" : "✗"} ${name}: ${passed} passed, ${failed} failed in ${seconds.toFixed(0)} s`;
    console.log([line, ...notes].join("; "));
  }
  for (const { name, tests = [], unsteady = [] } of results) {
    for (const { file, title, message } of unsteady)
      console.log(`\n! ${name}: ${file}: ${title} failed and passed when repeated:\n${message}`);
    for (const { file, title, message } of tests) console.log(`\n✗ ${name}: ${file}: ${title}\n${message}`);
  }
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  console.log(`${sum("passed")} passed, ${sum("failed")} failed`);
  return sum("failed") === 0 ? 0 : 1;
});
