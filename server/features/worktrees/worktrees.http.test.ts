import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { Worktree } from "../../../contract/features/worktrees.ts";
import { internalWorktreesEndpoints } from "../../../contract/internal/worktrees.ts";
import { AppError } from "../../../lib/app-error.ts";
import { createGate } from "../../../lib/gate.ts";
import { bind, createHttpService } from "../../../lib/http-service.ts";
import { silentLogger } from "../../../lib/logger.ts";
import { useTemporaryFolders } from "../../../lib/testing/temporary-folder.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";

const newFolder = useTemporaryFolders();
let app: TestApp;
let appId = "";
let stopCos: (() => Promise<void>) | null = null;

const worktree: Worktree = {
  folder: "/state/worktrees/run-0123abcd4567",
  repository: "/srv/app",
  branch: "portos/add-a-thing-cd4567",
  baseBranch: "main",
  baseCommit: "a".repeat(40),
  port: 24_000,
  runId: "run-0123abcd4567",
  runTitle: "Add a thing",
  runState: "succeeded",
  appId: null,
  isolation: { kind: "worktree" },
  createdAt: "2026-11-21T10:00:00.000Z",
  lastUsedAt: "2026-11-21T10:00:00.000Z",
  bytes: 4_096,
  measuredAt: "2026-11-21T10:00:00.000Z",
  isDirty: false,
  isMerged: true,
  commitsAhead: 0,
  isInUse: false,
  fate: "empty",
  keptBecause: null,
  lossIfRemoved: null,
  ignored: ["node_modules/"],
  lacksSetup: false,
};

const absent = (): never => {
  throw new AppError("not_found", "There is no such worktree");
};

/** Worktrees of a portos-cos that says what the test wants. */
async function startCos(listed: Worktree[]): Promise<void> {
  const port = app.env.ports.cos;
  const endpoints = bind(
    "worktrees",
    internalWorktreesEndpoints,
  )({
    list: () => ({ worktrees: listed, sandbox: { isAvailable: false, help: "Install it." } }),
    get: absent,
    touch: absent,
    setFate: absent,
    adopt: absent,
    command: absent,
    reclaim: ({ params }) => {
      const found = listed.find(({ runId }) => runId === params.id);
      if (!found) return absent();
      if (found.keptBecause !== null) throw new AppError("conflict", found.keptBecause);
      listed.splice(listed.indexOf(found), 1);
      return found;
    },
    reclaimAll: () => ({ removed: listed.splice(0).length, kept: 0, freedBytes: 4_096 }),
  });
  const gate = createGate({ peers: "loopback", ports: [port], env: app.env, logger: silentLogger });
  const service = createHttpService({
    name: "portos-cos",
    host: "127.0.0.1",
    port,
    gate,
    logger: silentLogger,
    endpoints,
  });
  await service.start();
  stopCos = () => service.stop();
}

beforeEach(async () => {
  app = await startTestApp();
  const { id } = await app.call("apps.create", {
    body: {
      name: "Blog",
      folder: await newFolder(),
      processes: [{ name: "web", run: { kind: "command", command: ["node", "x.js"] } }],
    },
  });
  appId = id;
});
afterEach(async () => {
  await stopCos?.();
  stopCos = null;
  await app.end();
});

describe("worktrees", () => {
  test("the list says when portos-cos is away, and shows then what was known", async () => {
    expect(await app.call("worktrees.list", {})).toMatchObject({ worktrees: [], isUp: false });
    await startCos([{ ...worktree }]);
    expect(await app.call("worktrees.list", {})).toEqual({
      worktrees: [worktree],
      isUp: true,
      sandbox: { isAvailable: false, help: "Install it." },
    });
    await stopCos?.();
    expect(await app.call("worktrees.list", {})).toMatchObject({ worktrees: [worktree], isUp: false });
  });

  test("one that is reclaimed is gone for everybody, and the history knows its name", async () => {
    await startCos([{ ...worktree }, { ...worktree, runId: "run-0123abcd4568", keptBecause: "It is dirty." }]);
    await app.call("worktrees.list", {});
    const socket = await app.connect();
    await socket.emit("worktrees:subscribe", {});
    const told = socket.next("worktrees:event");
    expect(await app.call("worktrees.reclaim", { params: { id: worktree.runId }, query: {} })).toMatchObject({
      fate: "empty",
    });
    expect(await told).toMatchObject({ event: { kind: "removed", runId: worktree.runId } });
    await expect(
      app.call("worktrees.reclaim", { params: { id: "run-0123abcd4568" }, query: {} }),
    ).rejects.toMatchObject({
      status: 409,
    });
    const { items } = await app.call("history.list", { query: {} });
    expect(items.find(({ action }) => action === "worktrees.reclaim")).toMatchObject({ outcome: "refused" });
    expect(items.find(({ outcome, action }) => action === "worktrees.reclaim" && outcome === "done")).toMatchObject({
      subjectName: "Add a thing",
    });
  });

  test("how an app's worktrees are made is kept, validated, and known for real apps only", async () => {
    const empty = { setupCommand: "", setupTimeoutMs: 600_000, copiedFiles: [], checks: [] };
    expect(await app.call("worktrees.setup", { params: { app: appId } })).toEqual(empty);
    const body = {
      ...empty,
      setupCommand: "npm ci",
      copiedFiles: [".env"],
      checks: [{ name: "Tests", command: "npm test", timeoutMs: 900_000 }],
    };
    await app.call("worktrees.putSetup", { params: { app: appId }, body });
    expect(await app.call("worktrees.setup", { params: { app: appId } })).toEqual(body);
    for (const path of ["/etc/passwd", "../x", "a/../../x", ""])
      await expect(
        app.call("worktrees.putSetup", { params: { app: appId }, body: { ...body, copiedFiles: [path] } }),
      ).rejects.toMatchObject({ status: 400 });
    await expect(app.call("worktrees.setup", { params: { app: "nobody" } })).rejects.toMatchObject({ status: 404 });
  });
});
