import { appendFile, mkdir, readdir, symlink, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text as readText } from "node:stream/consumers";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { createLogBed, fakeProcess, filter, ids, texts, type LogBed } from "./testing/log-bed.ts";

const blog = ["portos/blog/web"];
const signal = new AbortController().signal;
let bed: LogBed;

beforeEach(async () => {
  bed = await createLogBed();
});
afterEach(() => bed.end());

const file = (): string => bed.path("apps/blog/web.log");
const stamp = (ms: number): string => `${new Date(Date.UTC(2026, 10, 21) + ms).toISOString()}: `;
const numbered = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, index) => `${stamp(from + index)}line ${String(from + index)}\n`).join("");

/** Writes 10 000 lines: the oldest 3 000 compressed, 3 000 renamed, 4 000 current. */
async function writeRotated(): Promise<void> {
  await writeFile(`${file()}.2.gz`, await promisify(gzip)(numbered(0, 3_000)));
  await writeFile(`${file()}.1`, numbered(3_000, 6_000));
  await writeFile(file(), numbered(6_000, 10_000));
  await utimes(`${file()}.2.gz`, new Date("2026-11-01"), new Date("2026-11-01"));
  await utimes(`${file()}.1`, new Date("2026-11-02"), new Date("2026-11-02"));
}

describe("reading pages", () => {
  test("going back from the end gives every line once, over renamed and compressed files", async () => {
    await writeRotated();
    const seen: string[] = [];
    let at: { before?: string } = {};
    for (;;) {
      const page = await bed.service.lines({ sources: blog, at, limit: 700 }, signal);
      seen.unshift(...texts(page));
      if (page.before === null) break;
      at = { before: page.before };
    }
    expect(seen).toEqual(Array.from({ length: 10_000 }, (_, index) => `line ${String(index)}`));
  });

  test("going forwards from the oldest place gives every line once, up to the end", async () => {
    await writeRotated();
    const hit = await bed.service.search(
      { sources: blog, filter: filter({ text: "line 0" }), limit: 10, budgetMs: 5_000 },
      signal,
    );
    const [first] = ids({ files: hit.files, lines: hit.hits });
    const page = await bed.service.lines({ sources: blog, at: { around: first ?? "" }, limit: 2 }, signal);
    expect(texts(page)).toEqual(["line 0"]);
    const seen = texts(page);
    let after = page.after;
    for (;;) {
      const next = await bed.service.lines({ sources: blog, at: { after: after ?? "" }, limit: 900 }, signal);
      seen.push(...texts(next));
      after = next.after;
      if (next.isAtEnd) break;
    }
    expect(seen).toEqual(Array.from({ length: 10_000 }, (_, index) => `line ${String(index)}`));
  });

  test("a line's id opens it in its context, also after its file was rotated and compressed", async () => {
    await writeFile(file(), numbered(0, 100));
    const page = await bed.service.lines({ sources: blog, at: {}, limit: 50 }, signal);
    const id = ids(page)[10] ?? "";
    expect(texts(page)[10]).toBe("line 60");
    await new Promise((resolve) => setTimeout(resolve, 5));
    const report = await bed.rotate({ maxFileAgeHours: 1, maxFileBytes: 65_536 });
    expect(report.rotated).toEqual([]);
    await appendFile(file(), numbered(100, 3_000));
    await bed.rotate({ maxFileBytes: 65_536 });
    await bed.rotate({ maxFileBytes: 65_536 });
    expect((await readdir(bed.path("apps/blog"))).filter((name) => name.endsWith(".gz"))).toHaveLength(1);
    const around = await bed.service.lines({ sources: blog, at: { around: id }, limit: 4 }, signal);
    expect(texts(around)).toEqual(["line 58", "line 59", "line 60", "line 61"]);
    expect((await bed.service.line({ source: "portos/blog/web", id })).text).toBe("line 60");
  });

  test("a line whose file is gone is said to be gone", async () => {
    await writeFile(file(), "x\n");
    const [source] = await bed.service.sources();
    const id = `${source?.streams[0]?.id ?? ""}:abc-def:10`;
    await expect(bed.service.lines({ sources: blog, at: { around: id }, limit: 4 }, signal)).rejects.toMatchObject({
      code: "not_found",
    });
  });

  test("several processes are merged by time; lines without a time stay with the line above", async () => {
    await writeFile(file(), `${stamp(0)}a0\n${stamp(20)}Error: a20\n    at a (x.js:1:1)\n${stamp(40)}a40\n`);
    await writeFile(bed.path("apps/blog/worker.log"), `${stamp(10)}b10\n${stamp(30)}b30\n`);
    const sources = [...blog, "portos/blog/worker"];
    const all = await bed.service.lines({ sources, at: {}, limit: 10 }, signal);
    const expected = ["a0", "b10", "Error: a20", "    at a (x.js:1:1)", "b30", "a40"];
    expect(texts(all)).toEqual(expected);
    const newest = await bed.service.lines({ sources, at: {}, limit: 2 }, signal);
    const older = await bed.service.lines({ sources, at: { before: newest.before ?? "" }, limit: 10 }, signal);
    expect([...texts(older), ...texts(newest)]).toEqual(expected);
    const line = ids(all)[2] ?? "";
    expect(texts(await bed.service.lines({ sources, at: { around: line }, limit: 4 }, signal))).toEqual(
      expected.slice(0, 4),
    );
  });

  test("a filter reads on until the page is full", async () => {
    await writeRotated();
    const page = await bed.service.lines({ sources: blog, at: {}, limit: 4, filter: filter({ text: "99" }) }, signal);
    expect(texts(page)).toEqual(["line 9996", "line 9997", "line 9998", "line 9999"]);
    const older = await bed.service.lines(
      { sources: blog, at: { before: page.before ?? "" }, limit: 2_000, filter: filter({ text: "99" }) },
      signal,
    );
    expect(texts(older)[0]).toBe("line 99");
    expect(older.before).toBeNull();
  });

  test("an unfinished last line is shown open and the tail goes on before it", async () => {
    await writeFile(file(), "done\nhalf");
    const page = await bed.service.lines({ sources: blog, at: {}, limit: 10 }, signal);
    expect(page.lines.map(({ text, isOpen }) => [text, isOpen])).toEqual([
      ["done", undefined],
      ["half", true],
    ]);
    expect(page.after).toContain(":5:");
  });

  test("secrets do not leave, not even in one line read in full", async () => {
    await writeFile(file(), `password=verysecret ${"x".repeat(100_000)}\n`);
    const page = await bed.service.lines({ sources: blog, at: {}, limit: 10 }, signal);
    expect(page.lines[0]?.cutBytes).toBeGreaterThan(80_000);
    const whole = await bed.service.line({ source: "portos/blog/web", id: ids(page)[0] ?? "" });
    expect(whole.text.length).toBeGreaterThan(100_000);
    expect(texts(page)[0] + whole.text).not.toContain("verysecret");
  });

  test("an empty log, a missing log and an unknown process", async () => {
    await writeFile(file(), "");
    expect(await bed.service.lines({ sources: blog, at: {}, limit: 10 }, signal)).toMatchObject({
      lines: [],
      before: null,
    });
    await expect(bed.service.lines({ sources: ["portos/none"], at: {}, limit: 1 }, signal)).rejects.toMatchObject({
      code: "not_found",
    });
  });
});

describe("searching", () => {
  test("finds the newest first and pages to the oldest, over compressed files", async () => {
    await writeRotated();
    const found: string[] = [];
    let before: string | undefined;
    let pages = 0;
    do {
      const reply = await bed.service.search(
        {
          sources: blog,
          filter: filter({ text: "LINE 1" }),
          limit: 500,
          budgetMs: 5_000,
          ...(before ? { before } : {}),
        },
        signal,
      );
      found.unshift(...reply.hits.map(({ text }) => text));
      expect(reply.hits.every(({ ranges }) => ranges[0]?.[0] === 0 && ranges[0][1] === 6)).toBe(true);
      before = reply.before ?? undefined;
      pages += 1;
    } while (before !== undefined);
    const expected = Array.from({ length: 10_000 }, (_, index) => `line ${String(index)}`).filter((line) =>
      line.startsWith("line 1"),
    );
    expect(found).toEqual(expected);
    expect(pages).toBeGreaterThan(2);
  });

  test("gives back what it has when its time is over, and carries on from there", async () => {
    const line = `${"x".repeat(200)}\n`;
    await writeFile(file(), `needle\n${line.repeat(60_000)}`);
    const regex = filter({ text: "needle|nothing", isRegex: true });
    let reply = await bed.service.search({ sources: blog, filter: regex, limit: 5, budgetMs: 50 }, signal);
    let rounds = 1;
    const left = [reply.remainingBytes];
    while (reply.before !== null) {
      reply = await bed.service.search(
        { sources: blog, filter: regex, limit: 5, budgetMs: 50, before: reply.before },
        signal,
      );
      left.push(reply.remainingBytes);
      rounds += 1;
    }
    expect(rounds).toBeGreaterThan(1);
    expect(left).toEqual(left.toSorted((a, b) => b - a));
    expect(reply.hits.map(({ text }) => text)).toEqual(["needle"]);
  });

  test("a damaged compressed file is named and the others are searched", async () => {
    await writeFile(`${file()}.1.gz`, "no gzip");
    await writeFile(file(), "needle\n");
    const reply = await bed.service.search(
      { sources: blog, filter: filter({ text: "needle" }), limit: 5, budgetMs: 1_000 },
      signal,
    );
    expect(reply.hits).toHaveLength(1);
    expect(reply.problems).toEqual(["web.log.1.gz: web.log.1.gz cannot be unpacked; it is damaged"]);
  });
});

describe("downloads", () => {
  test("raw is the bytes of all files, oldest first; plain has neither colours nor secrets", async () => {
    await writeFile(`${file()}.1.gz`, await promisify(gzip)("old \u001b[31mred\u001b[0m\n"));
    await writeFile(file(), "token=abcdefghij\n");
    const [source] = await bed.service.sources();
    const query = { source: "portos/blog/web", stream: source?.streams[0]?.id ?? "" };
    const raw = await bed.service.download({ ...query, format: "raw" });
    expect(await readText(raw.body as NodeJS.ReadableStream)).toBe("old \u001b[31mred\u001b[0m\ntoken=abcdefghij\n");
    expect(raw.headers["Content-Disposition"]).toBe('attachment; filename="blog-web.log"');
    const plain = await bed.service.download({ ...query, format: "plain" });
    expect(await readText(plain.body as NodeJS.ReadableStream)).toBe("old red\ntoken=[redacted]\n");
  });
});

describe("which files may be read", () => {
  test("only those of known processes, and links among rotated files are passed over", async () => {
    await writeFile(join(bed.directory, "private.txt"), "private\n");
    await writeFile(file(), "mine\n");
    await symlink(join(bed.directory, "private.txt"), `${file()}.1`);
    await mkdir(bed.path("folder.log"));
    expect(texts(await bed.service.lines({ sources: blog, at: {}, limit: 10 }, signal))).toEqual(["mine"]);
    for (const name of ["portos/../private.txt", "portos/folder", "user/x"])
      await expect(bed.service.lines({ sources: [name], at: {}, limit: 1 }, signal)).rejects.toMatchObject({
        code: "not_found",
      });
  });

  test("a process with two files has two streams, instances of one name are one source", async () => {
    const own = await createLogBed({
      processes: [
        fakeProcess("api", { outLog: "/nowhere/api-out-0.log", errLog: "/nowhere/api-err.log" }, 0),
        fakeProcess("api", { outLog: "/nowhere/api-out-1.log", errLog: "/nowhere/api-err.log" }, 1),
        fakeProcess("quiet", { outLog: "/dev/null", errLog: null }, 2),
      ],
    });
    const sources = await own.service.sources();
    expect(sources.map(({ id, pmIds, streams }) => [id, pmIds, streams.map(({ output }) => output)])).toEqual([
      ["user/api", [0, 1], ["out", "err", "out"]],
      ["user/quiet", [2], []],
    ]);
    expect(JSON.stringify(sources)).not.toContain("/nowhere");
    expect((await own.service.lines({ sources: ["user/api"], at: {}, limit: 5 }, signal)).lines).toEqual([]);
    await own.end();
  });
});

test("a file truncated under a reader does not break paging back", async () => {
  await writeFile(file(), numbered(0, 5_000));
  const page = await bed.service.lines({ sources: blog, at: {}, limit: 10 }, signal);
  await truncate(file(), 0);
  const older = await bed.service.lines({ sources: blog, at: { before: page.before ?? "" }, limit: 10 }, signal);
  expect(older).toMatchObject({ lines: [], before: null, notices: [{ kind: "vanished" }] });
});

describe("where logs come from", () => {
  test("an app that was deleted keeps its history apart from the live ones; what else PortOS writes is a file", async () => {
    const deleted = await createLogBed({
      hasApp: () => false,
      processes: [fakeProcess("blog", { outLog: null, errLog: null })],
    });
    try {
      await mkdir(deleted.path("apps/silent"));
      await writeFile(deleted.path("apps/silent/web.log"), "");
      await writeFile(deleted.path("apps/blog/web.log"), "old\n");
      await writeFile(deleted.path("chrome.log"), "x\n");
      await writeFile(deleted.path("portos-cos.log"), "x\n");
      const sources = await deleted.service.sources();
      expect(sources.map(({ id, kind }) => [id, kind])).toEqual([
        ["portos/blog/web", "deleted"],
        ["portos/chrome", "file"],
        ["portos/portos-cos", "process"],
        ["user/blog", "process"],
      ]);
      const page = await deleted.service.lines(
        { sources: ["portos/blog/web"], at: {}, limit: 10 },
        new AbortController().signal,
      );
      expect(texts(page)).toEqual(["old"]);
    } finally {
      await deleted.end();
    }
  });
});
