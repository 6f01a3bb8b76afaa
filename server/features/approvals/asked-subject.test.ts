import { mkdtemp, mkdir, realpath, rm, symlink } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

import { assert, dictionary, jsonValue, property, string } from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { PermissionRequest } from "../../../contract/features/run-events.ts";
import { approvalChanges } from "./approval-changes.ts";
import { agentSubject, requestHash } from "./approval-subject.ts";
import { canonicalJson } from "../../../lib/canonical-json.ts";
import { askedCommand, simpleWords } from "./command-words.ts";
import { deviceName } from "../../device-name.ts";
import { isWithin, touchedPaths } from "../../../lib/touched-paths.ts";
import { noUsage, sampleRun } from "../../testing/sample-run.ts";

const request: PermissionRequest = {
  requestId: "q1",
  askedAt: "2026-11-21T10:00:00.000Z",
  folder: "/code/blog",
  call: {
    callId: "c1",
    title: "Run rm -rf build",
    tool: "execute",
    state: "pending",
    input: '{"command":"rm -rf build"}',
    output: null,
    edits: [],
  },
  options: [{ optionId: "yes", name: "Allow", kind: "allow-once" }],
};

describe("canonical JSON", () => {
  it("is the same for equal values whatever the order of their fields", () => {
    assert(
      property(dictionary(string(), jsonValue()), (value) => {
        const turned = Object.fromEntries(Object.entries(value).toReversed());
        expect(canonicalJson(turned)).toBe(canonicalJson(value));
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

describe("what a no does", () => {
  const attempt = { number: 1, providerId: "one", providerName: "One", model: null, reason: "First choice" } as const;
  const times = { startedAt: request.askedAt, endedAt: null, failure: null, message: null, usage: noUsage } as const;

  it.each([
    ["an API", "api", "call_1", true],
    ["an agent that has PortOS do it", "acp", "portos-0123456789abcdef", true],
    ["an agent that asks before it does it itself", "acp", "toolu_1", false],
  ] as const)("tells %s (%s, %s) the reason: %s", async (_who, providerType, callId, isTold) => {
    const run = sampleRun({ id: "run-1", attempts: [{ ...attempt, ...times, providerType }] });
    const { onDeny } = await agentSubject(run, { ...request, call: { ...request.call, callId } });
    expect(onDeny.startsWith("The agent is told no, with your reason")).toBe(isTold);
  });
});

describe("the hash of a question", () => {
  const hash = requestHash("run-1", request);

  it.each<[string, Partial<PermissionRequest>]>([
    ["the arguments", { call: { ...request.call, input: '{"command":"rm -rf /"}' } }],
    ["the title", { call: { ...request.call, title: "Run ls" } }],
    ["the folder", { folder: "/code" }],
    ["an edit", { call: { ...request.call, edits: [{ path: "a", before: null, after: "x", isCut: false }] } }],
    ["the offered answers", { options: [{ optionId: "yes", name: "Allow", kind: "allow-always" }] }],
    ["the question itself", { requestId: "q2" }],
  ])("changes with %s", (_what, change) => {
    expect(requestHash("run-1", { ...request, ...change })).not.toBe(hash);
  });

  it("is of one run, and not of when it was asked or how far it is", () => {
    expect(requestHash("run-2", request)).not.toBe(hash);
    const later = { ...request, askedAt: "2026-11-22T10:00:00.000Z", call: { ...request.call, output: "x" } };
    expect(requestHash("run-1", later)).toBe(hash);
  });
});

describe("the arguments of a command", () => {
  it.each<[string, string[] | null]>([
    ["npm test", ["npm", "test"]],
    ["git commit -m 'one two'", ["git", "commit", "-m", "one two"]],
    ['echo "a b"c', ["echo", "a bc"]],
    ["echo ''", ["echo", ""]],
    ["npm test; rm -rf /", null],
    ["npm test && rm x", null],
    ["npm test | sh", null],
    ["npm test\nrm x", null],
    ["echo $(rm x)", null],
    ["echo `rm x`", null],
    ['echo "$HOME"', null],
    ["rm *", null],
    ["cat ~/.ssh/id", null],
    ["echo a > b", null],
    ["echo a\\ b", null],
    ["echo 'unfinished", null],
    ["npm test # comment", null],
    ["echo {a,b}", null],
    ["PATH=/tmp npm test", null],
    ["npm test &", null],
    ["", null],
  ])("%j", (text, words) => {
    expect(simpleWords(text)).toEqual(words);
  });

  it.each<[string, string[] | null, string]>([
    ['{"command":"npm test"}', ["npm", "test"], "npm test"],
    ['{"command":["git","log","--format=%h %s"]}', ["git", "log", "--format=%h %s"], "git log '--format=%h %s'"],
    ['{"command":["bash","-lc","npm test"]}', ["npm", "test"], "npm test"],
    ['{"command":["bash","-lc","npm test; ls"]}', null, "npm test; ls"],
    ['{"command":"my tool","args":["x"]}', ["my tool", "x"], "'my tool' x"],
    ['{"cmd":"ls"}', ["ls"], "ls"],
    ["npm test", ["npm", "test"], "npm test"],
  ])("are found in %s", (input, words, text) => {
    expect(askedCommand(input)).toEqual({ text, words });
  });

  it("are none where there is no command", () => {
    expect(askedCommand('{"url":"https://example.com"}')).toBeNull();
    expect(askedCommand(null)).toBeNull();
  });
});

describe("the files a call names", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), "portos-paths-")));
    await mkdir(join(folder, "src"));
    await symlink("/etc", join(folder, "src/link"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const paths = (input: unknown, edits: PermissionRequest["call"]["edits"] = []) =>
    touchedPaths({ input: JSON.stringify(input), edits }, folder);

  it("are absolute, their links followed, those not there yet included", async () => {
    expect(await paths({ file_path: "src/new/deep.ts" })).toEqual([join(folder, "src/new/deep.ts")]);
    expect(await paths({ path: "src/link/passwd" })).toEqual([await realpath("/etc/passwd")]);
    expect(await paths({ paths: ["src/../../up"] })).toEqual([join(folder, "../up")]);
    expect(await paths({ options: { cwd: "~/x" } })).toEqual([join(await realpath(homedir()), "x")]);
    expect(await paths({}, [{ path: "file:///etc/hosts", before: null, after: "", isCut: false }])).toEqual([
      await realpath("/etc/hosts"),
    ]);
  });

  it("are not texts that merely look like a path", async () => {
    expect(await paths({ content: "/* comment */", command: "cat /etc/passwd" })).toEqual([]);
  });

  it.each([
    ["/code/blog", "/code/blog", true],
    ["/code/blog", "/code/blog/src", true],
    ["/code/blog", "/code/blog/..rc", true],
    ["/code/blog", "/code/blog2", false],
    ["/code/blog", "/code", false],
    ["/", "/etc", true],
  ])("%s holds %s: %s", (outer, inner, isInside) => {
    expect(isWithin(outer, inner)).toBe(isInside);
  });
});

describe("changes of files", () => {
  it("are lines of a diff with what was left out", () => {
    const lines = Array.from({ length: 20 }, (_, index) => `line ${index}`);
    const after = lines.with(10, "changed").join("\n");
    const [change] = approvalChanges([{ path: "a.txt", before: lines.join("\n"), after, isCut: false }]);
    expect(change).toMatchObject({ path: "a.txt", isNew: false, added: 1, removed: 1, isCut: false });
    expect(change?.lines).toEqual([
      "@ 7 lines as before",
      " line 7",
      " line 8",
      " line 9",
      "-line 10",
      "+changed",
      " line 11",
      " line 12",
      " line 13",
    ]);
  });

  it("say when there is more than can be shown", () => {
    const after = Array.from({ length: 3_000 }, (_, index) => `line ${index}`).join("\n");
    const [change] = approvalChanges([{ path: "new.txt", before: null, after, isCut: false }]);
    expect(change).toMatchObject({ isNew: true, added: 3_000, isCut: true });
    expect(change?.lines).toHaveLength(400);
  });
});

describe("the name of a device", () => {
  it.each([
    [
      "mozilla/5.0 (linux; android 15; pixel 9) applewebkit/537.36 chrome/140.0 mobile safari/537.36",
      "Chrome on Android",
    ],
    [
      "mozilla/5.0 (iphone; cpu iphone os 18_0 like mac os x) applewebkit/605 version/18.0 safari/604.1",
      "Safari on iPhone",
    ],
    ["mozilla/5.0 (macintosh; intel mac os x 10.15; rv:140.0) gecko/20100101 firefox/140.0", "Firefox on Mac"],
    ["mozilla/5.0 (windows nt 10.0) chrome/140.0 safari/537.36 edg/140.0", "Edge on Windows"],
    ["curl/8.5", "a program"],
  ])("of %s", (agent, name) => {
    expect(deviceName({}, agent)).toBe(name);
    expect(deviceName({ node: "pixel" }, agent)).toBe(`${name}, pixel`);
  });
});
