import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { array, assert, asyncProperty, constantFrom } from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";

import { commitAll, makeRepository } from "../testing/git-repository.ts";
import { git, type GitPlace } from "./git-command.ts";
import { gitChanges, gitWorkTree } from "./git-repository.ts";
import { isNoWork, noteNoWork } from "./no-work.ts";
import { runCommand } from "./run-command.ts";

type State = Record<string, string | null>;

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "portos-no-work-"));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const newFolder = (): Promise<string> => mkdtemp(join(directory, "one-"));

async function put(folder: string, state: State): Promise<void> {
  for (const name of await readdir(folder)) if (name !== ".git") await rm(join(folder, name), { recursive: true });
  const all: State = { always: "x\n", ...state };
  for (const [path, text] of Object.entries(all)) {
    if (text === null) continue;
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

async function filesOf(place: GitPlace, tree: string): Promise<State> {
  const names = (await git(place, ["ls-tree", "-r", "-z", "--name-only", tree]))
    .split("\0")
    .filter((one) => one !== "");
  const found: State = {};
  for (const name of names) found[name] = await git(place, ["cat-file", "blob", `${tree}:${name}`]);
  return found;
}

/** A folder in which HEAD has one state, a set-up has made another of it, and an agent a third. */
async function threeStates(head: State, setUp: State, now: State) {
  const folder = await makeRepository(await newFolder(), { always: "first\n" });
  const place = { gitDir: join(folder, ".git"), workTree: folder };
  await put(folder, head);
  await commitAll(folder, "base");
  await put(folder, setUp);
  await noteNoWork(place, await gitWorkTree(place, await newFolder()), 100);
  await put(folder, now);
  return place;
}

const changed = async (place: GitPlace): Promise<string[]> => (await gitChanges(place)).map(({ path }) => path);
const clean = async (place: GitPlace): Promise<boolean> =>
  isNoWork(place, join(await newFolder(), "index"), await changed(place));

const text = constantFrom(null, "one\n", "two\n");
const flat = array(text, { minLength: 4, maxLength: 4 }).map((texts): State => {
  const names = ["a", "d/e", "d/f", "ü\n"];
  return Object.fromEntries(names.map((name, index) => [name, texts[index] ?? null]));
});

test("what stays as the set-up has left it is as HEAD has it, everything else is what is there", async () => {
  await assert(
    asyncProperty(flat, flat, flat, async (head, setUp, now) => {
      const place = await threeStates(head, setUp, now);
      const expected: State = { always: "x\n" };
      for (const name of Object.keys(now)) {
        const kept = now[name] === setUp[name] ? head[name] : now[name];
        if (kept !== null && kept !== undefined) expected[name] = kept;
      }
      const tree = await gitWorkTree(place, await newFolder());
      expect(await filesOf(place, tree)).toEqual(expected);
      const before = (await git(place, ["rev-parse", "HEAD^{tree}"])).trim();
      expect(await clean(place)).toBe(tree === before);
    }),
    { numRuns: 25 },
  );
}, 120_000);

test.each<[string, State, State, State, State]>([
  ["a file that became a folder", { b: "1\n" }, { "b/c": "2\n" }, { "b/c": "2\n", "b/d": "3\n" }, { "b/d": "3\n" }],
  ["a folder that became a file", { "b/c": "1\n" }, { b: "2\n" }, { b: "3\n" }, { b: "3\n" }],
])("%s brings nothing back over work", async (_what, head, setUp, now, expected) => {
  const place = await threeStates(head, setUp, now);
  expect(await filesOf(place, await gitWorkTree(place, await newFolder()))).toEqual({ always: "x\n", ...expected });
  expect(await clean(place)).toBe(false);
});

test("a file that became a folder, and a folder that became a file, are as in HEAD while nobody touches them", async () => {
  const head = { a: "1\n", "d/e": "2\n" };
  const place = await threeStates(head, { "a/x": "3\n", d: "4\n" }, { "a/x": "3\n", d: "4\n" });
  expect(await filesOf(place, await gitWorkTree(place, await newFolder()))).toEqual({ always: "x\n", ...head });
  expect(await clean(place)).toBe(true);
});

test("more than can be told apart is work, and so is everything once the list was tampered with", async () => {
  const place = await threeStates({}, {}, { a: "1\n", "d/e": "2\n" });
  const tree = await gitWorkTree(place, await newFolder());
  expect(await noteNoWork(place, tree, 1)).toEqual({ files: 2, isNoted: false });
  expect(await gitWorkTree(place, await newFolder())).toBe(tree);
  expect(await noteNoWork(place, tree, 2)).toEqual({ files: 2, isNoted: true });
  expect(await gitWorkTree(place, await newFolder())).not.toBe(tree);
  await rm(join(place.gitDir, "portos-set-up"));
  await runCommand("mkfifo", [join(place.gitDir, "portos-set-up")], { timeoutMs: 10_000 });
  expect(await gitWorkTree(place, await newFolder())).toBe(tree);
});
