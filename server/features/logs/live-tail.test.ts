import { appendFile, readdir, rename, rm, truncate, writeFile } from "node:fs/promises";

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import type { LogNotice, LogPage } from "../../../contract/features/logs.ts";
import type { ViewRequest } from "./log-service.ts";
import { createLogBed, filter, ids, texts, type LogBed } from "./testing/log-bed.ts";
import type { Viewer, ViewerEvent } from "./viewer.ts";

const blog = ["portos/blog/web"];
let bed: LogBed;
const open: Viewer[] = [];

beforeEach(async () => {
  bed = await createLogBed();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((viewer) => viewer.close()));
  await bed.end();
});

const file = (): string => bed.path("apps/blog/web.log");
const numbered = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, index) => `line ${String(from + index)}\n`).join("");
const names = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => `line ${String(from + index)}`);

interface View {
  page: LogPage;
  viewer: Viewer;
  seen: string[];
  seenIds: string[];
  notices: LogNotice[];
  cursor: () => string;
  last: () => ViewerEvent | undefined;
}

/** A viewer that acknowledges at once unless told not to, and replaces an open line by its final form. */
async function follow(request: Partial<ViewRequest> = {}, acknowledges = true): Promise<View> {
  const seen: string[] = [];
  const seenIds: string[] = [];
  const notices: LogNotice[] = [];
  let last: ViewerEvent | undefined;
  const add = (batch: Pick<LogPage, "files" | "lines">): void => {
    for (const [index, id] of ids(batch).entries()) {
      const text = texts(batch)[index] ?? "";
      if (seenIds.at(-1) === id) seen[seen.length - 1] = text;
      else {
        seenIds.push(id);
        seen.push(text);
      }
    }
  };
  const started = await bed.service.view(
    { sources: blog, tail: 100, ...request },
    {
      onLines(event) {
        last = event;
        add(event);
        if (acknowledges) started.viewer.acknowledge(event.sequence);
      },
      onNotice: (notice) => notices.push(notice),
    },
  );
  add(started.page);
  open.push(started.viewer);
  started.viewer.start();
  return {
    page: started.page,
    viewer: started.viewer,
    seen,
    seenIds,
    notices,
    cursor: () => last?.cursor ?? started.page.after ?? "",
    last: () => last,
  };
}

const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 8_000, interval: 10 });

describe("a live tail", () => {
  test("goes on exactly after the first screen, whatever the pieces the file grows by", async () => {
    await writeFile(file(), numbered(0, 10));
    const view = await follow({ tail: 3 });
    expect(texts(view.page)).toEqual(names(7, 10));
    const more = numbered(10, 400);
    for (let at = 0; at < more.length; at += 37) await appendFile(file(), more.slice(at, at + 37));
    await until(() => {
      expect(view.seen).toEqual(names(7, 400));
    });
    expect(new Set(view.seenIds).size).toBe(view.seenIds.length);
  });

  test("shows an unfinished line as it grows and finishes it under the same id", async () => {
    await writeFile(file(), "");
    const view = await follow();
    await appendFile(file(), "10%");
    await until(() => {
      expect(view.seen).toEqual(["10%"]);
    });
    await appendFile(file(), "\r20%");
    await until(() => {
      expect(view.seen).toEqual(["10%\r20%"]);
    });
    await appendFile(file(), "\rdone\nnext\n");
    await until(() => {
      expect(view.seen).toEqual(["10%\r20%\rdone", "next"]);
    });
  });

  test("follows a rename: the rest of the old file first, then the new one", async () => {
    await writeFile(file(), numbered(0, 5));
    const view = await follow();
    await rename(file(), `${file()}.1`);
    await appendFile(`${file()}.1`, numbered(5, 8));
    await writeFile(file(), numbered(8, 12));
    await until(() => {
      expect(view.seen).toEqual(names(0, 12));
    });
    expect(view.notices.map(({ kind }) => kind)).toEqual(["rotated"]);
    await appendFile(file(), numbered(12, 13));
    await until(() => {
      expect(view.seen).toEqual(names(0, 13));
    });
  });

  test("lines written while the new file is not there yet are not lost", async () => {
    await writeFile(file(), numbered(0, 2));
    const view = await follow();
    await rename(file(), `${file()}.1`);
    await new Promise((resolve) => setTimeout(resolve, 600));
    await appendFile(`${file()}.1`, numbered(2, 4));
    await until(() => {
      expect(view.seen).toEqual(names(0, 4));
    });
    await writeFile(file(), numbered(4, 5));
    await until(() => {
      expect(view.seen).toEqual(names(0, 5));
    });
  });

  test("starts anew when the file is emptied, also when it has already grown beyond the old place", async () => {
    await writeFile(file(), numbered(0, 3));
    const view = await follow();
    await truncate(file(), 0);
    await appendFile(file(), "emptied\n");
    await until(() => {
      expect(view.seen).toEqual([...names(0, 3), "emptied"]);
    });
    await writeFile(file(), "replaced by something longer than what was there before\n");
    await until(() => {
      expect(view.seen.at(-1)).toMatch(/^replaced/);
    });
    expect(view.notices.every(({ kind }) => kind === "truncated")).toBe(true);
  });

  test("waits for a file that is not there, and says when it vanishes and comes back", async () => {
    await writeFile(file(), "x\n");
    const view = await follow();
    await rm(file());
    await until(() => {
      expect(view.notices.map(({ kind }) => kind)).toEqual(["vanished"]);
    });
    await writeFile(file(), "back\n");
    await until(() => {
      expect(view.seen).toEqual(["x", "back"]);
    });
  });

  test("sends only what the filter keeps", async () => {
    await writeFile(file(), "");
    const view = await follow({ filter: filter({ levels: ["error"] }) });
    await appendFile(file(), "INFO a\nERROR b\n    at f (x.js:1:1)\nINFO c\n");
    await until(() => {
      expect(view.seen).toEqual(["ERROR b", "    at f (x.js:1:1)"]);
    });
  });
});

describe("a reconnected tail", () => {
  test("goes on from its cursor without a gap or a double, over rotation and compression", async () => {
    await writeFile(file(), numbered(0, 1_000));
    const first = await follow({ tail: 100 });
    await appendFile(file(), numbered(1_000, 2_000));
    await until(() => {
      expect(first.seen).toEqual(names(900, 2_000));
    });
    const cursor = first.cursor();
    await first.viewer.close();
    await appendFile(file(), numbered(2_000, 10_000));
    for (let from = 10_000; from < 30_000; from += 10_000) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect((await bed.rotate({ maxFileBytes: 65_536 })).rotated).toHaveLength(1);
      await writeFile(file(), numbered(from, from + 10_000));
    }
    await bed.rotate({ maxFileBytes: 1024 ** 3 });
    expect((await readdir(bed.path("apps/blog"))).filter((name) => name.endsWith(".gz"))).toHaveLength(2);
    const second = await follow({ from: cursor });
    await until(() => {
      expect(second.seen.at(-1)).toBe("line 29999");
    });
    expect(second.seen).toEqual(names(2_000, 30_000));
  });

  test("is told when its place is gone, and goes on with what is there", async () => {
    await writeFile(file(), numbered(0, 10));
    const first = await follow();
    const cursor = first.cursor();
    await first.viewer.close();
    await truncate(file(), 0);
    await appendFile(file(), "fresh\n");
    const second = await follow({ from: cursor });
    expect(second.page.notices.map(({ kind }) => kind)).toEqual(["truncated"]);
    await until(() => {
      expect(second.seen).toEqual(["fresh"]);
    });
  });
});

describe("a viewer that does not keep up", () => {
  const line = `${"x".repeat(199)}\n`;

  test("is sent no more than a window until it acknowledges, then the rest", async () => {
    await writeFile(file(), "");
    const view = await follow({}, false);
    await appendFile(file(), line.repeat(60_000));
    await until(() => {
      expect(view.seen.length).toBeGreaterThan(5_000);
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    const stalledAt = view.seen.length;
    expect(stalledAt).toBeLessThan(30_000);
    const acknowledge = setInterval(() => {
      view.viewer.acknowledge(view.last()?.sequence ?? 0);
    }, 5);
    await until(() => {
      expect(view.seen.length).toBe(60_000);
    });
    clearInterval(acknowledge);
    expect(view.notices).toEqual([]);
  });

  test("that is far behind is moved near the end and told how much to load from the file", async () => {
    await writeFile(file(), "start\n");
    const view = await follow({}, false);
    await appendFile(file(), `${line.repeat(250_000)}end\n`);
    const acknowledge = setInterval(() => {
      view.viewer.acknowledge(view.last()?.sequence ?? 0);
    }, 5);
    await until(() => {
      expect(view.seen.at(-1)).toBe("end");
    });
    clearInterval(acknowledge);
    const [notice] = view.notices;
    expect(notice).toMatchObject({ kind: "skipped" });
    expect((notice?.skippedLines ?? 0) + view.seen.length).toBe(250_002);
    const signal = new AbortController().signal;
    const missed = await bed.service.lines({ sources: blog, at: { after: notice?.from ?? "" }, limit: 2 }, signal);
    expect(missed.lines.map(({ bytes }) => bytes)).toEqual([200, 200]);
  });
});
