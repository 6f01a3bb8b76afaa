import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { Ack } from "../../../contract/channel.ts";
import type { LogPage } from "../../../contract/features/logs.ts";
import { startTestApp, type TestApp, type TestSocket } from "../../testing/test-app.ts";

const source = "portos/blog/web";
const sources = [source];
let panel: TestApp;
let file = "";

beforeEach(async () => {
  panel = await startTestApp();
  const folder = join(panel.env.logsDir, "apps/blog");
  await mkdir(folder, { recursive: true });
  file = join(folder, "web.log");
});
afterEach(() => panel.end());

const numbered = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, index) => `line ${String(from + index)}\n`).join("");
const words = ({ lines }: Pick<LogPage, "lines">): string[] => lines.map(({ text }) => text);

/** Sends what the contract would not let pass. */
async function send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${panel.base}${path}`, {
    method,
    headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const reply: unknown = response.headers.get("content-type")?.includes("json") === true ? await response.json() : null;
  return { status: response.status, reply };
}

const refusal = (path: string, message: RegExp) => ({
  status: 400,
  reply: {
    error: {
      code: "invalid_request",
      issues: expect.arrayContaining([{ path, message: expect.stringMatching(message) as string }]) as unknown[],
    },
  },
});

describe("bad input is named by field and rule", () => {
  test.each([
    ["no process at all", { sources: [] }, "body.sources", /1/],
    ["too many processes", { sources: Array.from({ length: 33 }, () => source) }, "body.sources", /32/],
    ["a path for a process", { sources: ["/etc/passwd"] }, "body.sources.0", /portos\/<process>/],
    ["a limit beyond the limit", { sources, limit: 2_001 }, "body.limit", /2000/],
    ["half a line", { sources, limit: 1.5 }, "body.limit", /whole number/],
    [
      "a cursor made up",
      { sources, at: { before: "../../etc/passwd" } },
      "body.at.before",
      /cursor of an earlier reply/,
    ],
    ["a level made up", { sources, filter: { levels: ["loud"] } }, "body.filter.levels.0", /error/],
    ["a field made up", { sources, path: "/etc/passwd" }, "body", /path/],
  ])("lines: %s", async (_, body, path, message) => {
    expect(await send("POST", "/api/logs/lines", body)).toMatchObject(refusal(path, message));
  });

  test.each([
    ["no filter", { sources }, "body.filter", /./],
    ["too long a text", { sources, filter: { text: "x".repeat(501) } }, "body.filter.text", /500/],
    ["too many hits", { sources, filter: { text: "x" }, limit: 1_001 }, "body.limit", /1000/],
    ["too long a search", { sources, filter: { text: "x" }, budgetMs: 60_000 }, "body.budgetMs", /10000/],
  ])("search: %s", async (_, body, path, message) => {
    expect(await send("POST", "/api/logs/search", body)).toMatchObject(refusal(path, message));
  });

  test.each([
    ["line", `source=${source}&id=1`, "query.id"],
    ["download", `source=${source}&stream=..%2F..%2Fetc`, "query.stream"],
    ["download", `source=${source}&stream=${"a".repeat(12)}&format=pdf`, "query.format"],
  ])("%s?%s", async (name, query, path) => {
    expect(await send("GET", `/api/logs/${name}?${query}`)).toMatchObject(refusal(path, /./));
  });

  test("an expression that is wrong is a refusal with a reason, not a failure", async () => {
    await writeFile(file, "x\n");
    const search = panel.call("logs.search", { body: { sources, filter: { text: "a(", isRegex: true } } });
    await expect(search).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining("regular expression") as string,
    });
  });
});

describe("what is not there", () => {
  test("a process nobody knows is not found, whatever is asked of it", async () => {
    const unknown = { status: 404, message: "No process called nobody has logs" };
    const body = { sources: ["portos/nobody"] };
    const id = `${"a".repeat(12)}:a-b:0`;
    await expect(panel.call("logs.lines", { body })).rejects.toMatchObject(unknown);
    await expect(panel.call("logs.search", { body: { ...body, filter: { text: "x" } } })).rejects.toMatchObject(
      unknown,
    );
    await expect(panel.call("logs.line", { query: { source: "portos/nobody", id } })).rejects.toMatchObject(unknown);
  });

  test("a name that leads out of the folder names nothing", async () => {
    await writeFile(join(panel.env.stateDir, "secret.log"), "secret\n");
    for (const name of ["portos/../secret", "portos/apps/../../secret", "portos/blog/../../../secret"])
      await expect(panel.call("logs.lines", { body: { sources: [name] } })).rejects.toMatchObject({ status: 404 });
  });

  test("a stream of another process and a file that is gone are not downloaded", async () => {
    await writeFile(file, "x\n");
    const [blog] = await panel.call("logs.sources", {});
    const stream = blog?.streams[0]?.id ?? "";
    await writeFile(join(panel.env.logsDir, "portos-cos.log"), "x\n");
    const gone = { status: 404, message: "This log file is not there any more" };
    await expect(panel.call("logs.download", { query: { source: "portos/portos-cos", stream } })).rejects.toMatchObject(
      gone,
    );
    await rm(file);
    await writeFile(join(panel.env.logsDir, "apps/blog/web.log.1"), "x\n");
    await expect(panel.call("logs.download", { query: { source, stream, file: "a-b" } })).rejects.toMatchObject({
      status: 404,
    });
  });
});

describe("reading", () => {
  test("pages to older and back are complete, without a line twice", async () => {
    await writeFile(file, numbered(0, 1_000));
    const pages: string[][] = [];
    let page = await panel.call("logs.lines", { body: { sources, limit: 300 } });
    expect(page.isAtEnd).toBe(true);
    pages.push(words(page));
    while (page.before !== null) {
      page = await panel.call("logs.lines", { body: { sources, limit: 300, at: { before: page.before } } });
      pages.unshift(words(page));
    }
    expect(pages.flat()).toEqual(numbered(0, 1_000).trimEnd().split("\n"));
    const forward = await panel.call("logs.lines", { body: { sources, limit: 5, at: { after: page.after ?? "" } } });
    expect(words(forward)[0]).toBe(`line ${String(page.lines.length)}`);
  });

  test("a search gives no more than it was asked for, and goes on where it ended", async () => {
    await writeFile(file, numbered(0, 50));
    const body = { sources, filter: { text: "line" }, limit: 20 };
    const found: string[] = [];
    let reply = await panel.call("logs.search", { body });
    expect(reply.hits).toHaveLength(20);
    found.push(...reply.hits.map(({ text }) => text));
    while (reply.before !== null) {
      reply = await panel.call("logs.search", { body: { ...body, before: reply.before } });
      found.push(...reply.hits.map(({ text }) => text));
    }
    expect(found.toSorted()).toEqual(numbered(0, 50).trimEnd().split("\n").toSorted());
  });

  test("secrets are taken out of lines and of the plain download", async () => {
    await writeFile(file, "token=verysecret1\n");
    const page = await panel.call("logs.lines", { body: { sources } });
    expect(words(page)).toEqual(["token=[redacted]"]);
    const stream = page.streams[0]?.id ?? "";
    expect(await panel.call("logs.download", { query: { source, stream, format: "plain" } })).toBe(
      "token=[redacted]\n",
    );
  });
});

describe("the gate", () => {
  test.each<[Record<string, string>]>([[{ origin: "https://evil.example" }], [{ "sec-fetch-site": "cross-site" }]])(
    "a foreign page reads nothing: %o",
    async (headers) => {
      await writeFile(file, "private\n");
      for (const [method, path, body] of [
        ["GET", "/api/logs/sources", undefined],
        ["POST", "/api/logs/lines", { sources }],
        ["POST", "/api/logs/rotate", {}],
      ] as const) {
        const { status, reply } = await send(method, path, body, headers);
        expect(status).toBe(403);
        expect(JSON.stringify(reply)).not.toContain("private");
      }
    },
  );
});

function opened(ack: Ack<unknown>): { subscription: string; page: LogPage } {
  if (!ack.ok) throw new Error(ack.error.message);
  return ack.data as { subscription: string; page: LogPage };
}

describe("the channel", () => {
  let socket: TestSocket;
  const subscribe = (payload: unknown): Promise<Ack<unknown>> => socket.emit("logs:subscribe", payload);

  beforeEach(async () => {
    await writeFile(file, numbered(0, 10));
    socket = await panel.connect();
  });

  test("bad input and an unknown process are refused in the acknowledgement", async () => {
    expect(await subscribe({ sources: [] })).toMatchObject({ ok: false, error: { code: "invalid_request" } });
    expect(await subscribe({ sources, tail: 2_001 })).toMatchObject({ ok: false, error: { code: "invalid_request" } });
    expect(await subscribe({ sources: ["portos/nobody"] })).toMatchObject({ ok: false, error: { code: "not_found" } });
  });

  test("the first screen, then what is new, and after a lost connection exactly the rest", async () => {
    const { subscription, page } = opened(await subscribe({ sources, tail: 3 }));
    expect(words(page)).toEqual(["line 7", "line 8", "line 9"]);
    const event = socket.next("logs:lines") as Promise<LogPage & { subscription: string; cursor: string }>;
    await writeFile(file, numbered(10, 12), { flag: "a" });
    const { cursor, ...lines } = await event;
    expect(lines.subscription).toBe(subscription);
    const seen = words(lines);
    expect(seen[0]).toBe("line 10");
    socket.socket.disconnect();
    await writeFile(file, numbered(12, 14), { flag: "a" });
    socket = await panel.connect();
    const rest: string[] = [];
    socket.socket.on("logs:lines", (more: LogPage) => rest.push(...words(more)));
    opened(await subscribe({ sources, from: cursor, tail: 0 }));
    await expect.poll(() => [...seen, ...rest]).toEqual(["line 10", "line 11", "line 12", "line 13"]);
  });

  test("one page follows sixteen views at once; ending one makes room", async () => {
    const subscriptions = [];
    for (let view = 0; view < 16; view += 1) subscriptions.push(opened(await subscribe({ sources })).subscription);
    expect(await subscribe({ sources })).toMatchObject({ ok: false, error: { code: "rate_limited" } });
    await socket.emit("logs:unsubscribe", { subscription: subscriptions[0] });
    expect(await subscribe({ sources })).toMatchObject({ ok: true });
  });
});
