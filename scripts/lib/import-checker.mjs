import { readdirSync, readFileSync, statSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, posix } from "node:path";
import { parseSync } from "oxc-parser";

const sourceFile = /\.(?:ts|tsx|mts)$/;
const processTest = /\.process\.test\.ts$/;
const testFile = /\.(?:test|spec)\.tsx?$|(?:^|\/)testing\//;
const builtins = new Set(builtinModules);

/**
 * Everything in the tree below `root` that breaks a rule, sorted: `{ file, line, message }`. Tests may use packages
 * outside of their home and cross features, because they stand outside of the product; zones hold for them, too, except for
 * tests with real children, which may start any of our processes.
 */
export function findViolations(root, rules) {
  const files = listFiles(root, rules);
  const imports = new Map(files.map((file) => [file, importsOf(root, file)]));
  const violations = files.flatMap((file) => imports.get(file).flatMap((one) => judge(root, rules, file, one)));
  const runtime = new Map(
    files.map((file) => [file, imports.get(file).flatMap((one) => (one.isType || !one.target ? [] : [one.target]))]),
  );
  for (const cycle of findCycles(runtime)) {
    violations.push({ file: cycle[0], line: 1, message: `is part of a cycle: ${[...cycle, cycle[0]].join(" → ")}` });
  }
  return violations.toSorted((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1));
}

function listFiles(root, rules) {
  const folders = new Set(Object.values(rules.zones).flatMap(({ files }) => files.map((glob) => glob.split("/")[0])));
  const files = [];
  const visit = (path) => {
    for (const item of readdirSync(join(root, path), { withFileTypes: true })) {
      const inner = posix.join(path, item.name);
      if (item.isDirectory()) visit(inner);
      else if (sourceFile.test(item.name)) files.push(inner);
    }
  };
  for (const folder of folders) if (statSync(join(root, folder), { throwIfNoEntry: false })) visit(folder);
  return files.filter((file) => zoneOf(rules, file) !== null);
}

/** Static, re-exported and dynamic imports of a file. */
function importsOf(root, file) {
  const text = readFileSync(join(root, file), "utf8");
  const { module, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0].message}`);
  const lineAt = (offset) => text.slice(0, offset).split("\n").length;
  const found = [];
  for (const { start, moduleRequest, entries } of module.staticImports) {
    const isType = entries.length > 0 ? entries.every((entry) => entry.isType) : false;
    found.push({ id: moduleRequest.value, line: lineAt(start), isType: isType || isTypeStatement(text, start) });
  }
  for (const { start, entries } of module.staticExports) {
    const request = entries.find((entry) => entry.moduleRequest)?.moduleRequest;
    if (request) found.push({ id: request.value, line: lineAt(start), isType: entries.every((entry) => entry.isType) });
  }
  for (const { start, moduleRequest } of module.dynamicImports) {
    const id = /^(["'`])(.*)\1$/s.exec(text.slice(moduleRequest.start, moduleRequest.end))?.[2];
    if (id !== undefined) found.push({ id, line: lineAt(start), isType: false, isLazy: true });
  }
  return found.map((one) => ({ ...one, target: resolveTarget(root, file, one.id) }));
}

const isTypeStatement = (text, start) => /^(?:import|export)\s+type\b/.test(text.slice(start, start + 20));

/** The file of this project an import leads to; `null` for a package. */
function resolveTarget(root, file, id) {
  if (!id.startsWith(".")) return null;
  return posix.join(dirname(file), id.split("?")[0]);
}

function judge(root, rules, file, one) {
  const report = (message) => [{ file, line: one.line, message }];
  if (one.target === null) return judgePackage(rules, file, one, report);
  if (!sourceFile.test(one.target)) return [];
  if (!statSync(join(root, one.target), { throwIfNoEntry: false }))
    return report(`imports ${one.id}, which does not exist`);
  return [
    ...judgeZone(rules, file, one, report),
    ...judgeFeature(rules, file, one, report),
    ...judgeValues(rules, file, one, report),
  ];
}

function judgeZone(rules, file, { target }, report) {
  if (processTest.test(file)) return [];
  const [from, to] = [zoneOf(rules, file), zoneOf(rules, target)];
  if (from === to) return [];
  if (to === null) return testFile.test(file) ? [] : report(`imports ${target}, which belongs to no zone`);
  if (rules.zones[from].mayImport.includes(to)) return [];
  return report(`belongs to ${from} and may not import ${to} (${target})`);
}

function judgeFeature(rules, file, { target, isType }, report) {
  if (isType || testFile.test(file)) return [];
  for (const pattern of rules.features) {
    const depth = pattern.split("/").length;
    const base = pattern.slice(0, -1);
    if (!file.startsWith(base) || !target.startsWith(base)) continue;
    const [from, to] = [file, target].map((path) => path.split("/").slice(0, depth).join("/"));
    if (from !== to) return report(`is part of ${from} and may not import another feature (${target})`);
  }
  return [];
}

function judgeValues(rules, file, { target, isType }, report) {
  if (isType || testFile.test(file)) return [];
  return rules.onlyTypes.flatMap(({ from, to, except, why }) => {
    const isConcerned = matches(from, file) && matches(to, target) && !except.includes(target);
    return isConcerned ? report(`imports values of ${target}: ${why}`) : [];
  });
}

function judgePackage(rules, file, { id, isType }, report) {
  if (isType) return [];
  const bare = id.replace(/^node:/, "");
  if (builtins.has(bare) && !id.startsWith("node:")) return report(`imports ${id} without "node:"`);
  const name = id.startsWith("node:") ? id : id.split("/", id.startsWith("@") ? 2 : 1).join("/");
  const zone = rules.zones[zoneOf(rules, file)];
  if (testFile.test(file)) return [];
  if (zone.packages && !zone.packages.includes(name))
    return report(`may import ${zone.packages.join(", ")} only, not ${name}`);
  const home = rules.homes.find(({ module }) => module === name);
  if (!home || home.files.some((glob) => matches(glob, file))) return [];
  return report(`imports ${name} outside of ${home.files.join(", ") || "its home"}: ${home.why}`);
}

/** The zone with the longest matching pattern, so that a folder inside a zone may be a zone of its own. */
function zoneOf(rules, file) {
  const fitting = Object.entries(rules.zones).flatMap(([name, { files }]) =>
    files.filter((glob) => matches(glob, file)).map((glob) => ({ name, length: glob.length })),
  );
  return fitting.toSorted((a, b) => b.length - a.length)[0]?.name ?? null;
}

function matches(glob, file) {
  return glob.endsWith("/**") ? file.startsWith(glob.slice(0, -2)) : file === glob;
}

/** Strongly connected groups of more than one file, and files that import themselves (Tarjan's algorithm). */
export function findCycles(graph) {
  const state = new Map();
  const stack = [];
  const cycles = [];
  let count = 0;
  const visit = (node) => {
    const own = { index: count, low: count, isOpen: true };
    count += 1;
    state.set(node, own);
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!graph.has(next)) continue;
      const seen = state.get(next);
      if (!seen) own.low = Math.min(own.low, visit(next).low);
      else if (seen.isOpen) own.low = Math.min(own.low, seen.index);
    }
    if (own.low === own.index) {
      const group = stack.splice(stack.indexOf(node));
      for (const member of group) state.get(member).isOpen = false;
      if (group.length > 1 || graph.get(node).includes(node)) cycles.push(group.toSorted((a, b) => (a < b ? -1 : 1)));
    }
    return own;
  };
  for (const node of graph.keys()) if (!state.has(node)) visit(node);
  return cycles;
}
