import { EventEmitter, once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { ProviderHealth } from "../../../contract/features/providers.ts";
import { type JsonStore, openJsonStore } from "../../../lib/json-store.ts";
import { silentLogger } from "../../../lib/logger.ts";
import { type ProviderHealthFile, providerHealthFile } from "./health-memory.ts";
import { createProviderHealths, type ProviderHealths } from "./provider-health.ts";
import type { Probed } from "./provider-probe.ts";
import type { ProviderRecord } from "./provider-record.ts";
import { record } from "./testing/provider-samples.ts";

let directory: string;
let store: JsonStore<ProviderHealthFile>;
let healths: ProviderHealths;
let records: ProviderRecord[];
let published: ProviderHealth[];
let probes: string[];
let outcome: () => Promise<Probed>;
let isClosed: boolean;

const up: Probed = {
  state: "up",
  message: null,
  failure: null,
  latencyMs: 5,
  backAt: null,
  models: ["small"],
  version: null,
};
const bothModels = [
  { id: "small", tier: "light", price: null },
  { id: "large", tier: "heavy", price: null },
];
const first = (): ProviderRecord => records[0] ?? record("none");

async function start(): Promise<void> {
  store = await openJsonStore({ file: join(directory, "health.json"), ...providerHealthFile, logger: silentLogger });
  healths = createProviderHealths({
    store,
    probe: (probed) => {
      probes.push(probed.id);
      return outcome();
    },
    find: (id) => records.find((entry) => entry.id === id) ?? null,
    isClosed: () => isClosed,
    clock: { now: () => Date.now(), monotonic: () => performance.now() },
    zone: "UTC",
    logger: silentLogger,
    publish: (health) => published.push(health),
  });
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "portos-health-"));
  records = [record("a"), record("off", { isEnabled: false })];
  published = [];
  probes = [];
  isClosed = false;
  outcome = () => Promise.resolve(up);
  await start();
});
afterEach(async () => {
  healths.stop();
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

describe("health of providers", () => {
  it("tells that it looks, then what it saw, and shares one probe among callers", async () => {
    const [one, two] = await Promise.all([healths.check(first()), healths.check(first())]);
    expect(one).toBe(two);
    expect(probes).toEqual(["a"]);
    expect(published.map(({ state }) => state)).toEqual(["checking", "up"]);
    expect(healths.of(first())).toMatchObject({ state: "up", models: ["small"], latencyMs: 5 });
  });

  it("is as last seen while nobody may be contacted", async () => {
    await healths.check(first());
    isClosed = true;
    expect(await healths.check(first(), { byUser: true })).toMatchObject({ state: "up" });
    healths.refresh(records, 0);
    expect(probes).toEqual(["a"]);
  });

  it("is there with its age after a restart", async () => {
    const { asOf } = await healths.check(first());
    await expect.poll(() => store.get().seen["a"]?.state).toBe("up");
    healths.stop();
    await store.close();
    await start();
    expect(healths.of(first())).toMatchObject({ state: "up", asOf, models: ["small"] });
  });

  it("is off for a provider that is off, whatever was seen", () => {
    healths.noteOutcome("off", "rate-limit", "Slow down");
    expect(healths.of(records[1] ?? first())).toMatchObject({ state: "off", backAt: null });
  });

  it("becomes limited by an outcome, reads when it ends, and looks again then", async () => {
    healths.noteOutcome("a", "rate-limit", "Please try again in 400ms");
    expect(healths.of(first())).toMatchObject({ state: "limited", failure: "rate-limit" });
    expect(probes).toEqual([]);
    await expect.poll(() => healths.of(first()).state, { timeout: 3_000 }).toBe("up");
    expect(probes).toEqual(["a"]);
  });

  it("stays limited until then, whatever a probe that costs nothing sees", async () => {
    healths.noteOutcome("a", "usage-limit", "Used up", "2099-01-01T00:00:00.000Z");
    const limit = { state: "limited", failure: "usage-limit", backAt: "2099-01-01T00:00:00.000Z", message: "Used up" };
    expect(await healths.check(first(), { byUser: true })).toMatchObject({ ...limit, models: ["small"] });
    outcome = () => Promise.resolve({ ...up, state: "limited", failure: "rate-limit" });
    await healths.check(first(), { byUser: true });
    healths.noteOutcome("a", "transport", "Gone");
    expect(healths.of(first())).toMatchObject(limit);
  });

  it("keeps the limit or failure of one model apart from the others", () => {
    records = [record("a", { models: bothModels })];
    healths.noteOutcome("a", null, null, null, "large");
    healths.noteOutcome("a", "rate-limit", "Slow down", "2099-01-01T00:00:00.000Z", "small");
    expect(healths.of(first())).toMatchObject({
      state: "up",
      message: expect.stringMatching(/^small is limited until /) as string,
      modelTroubles: [{ model: "small", failure: "rate-limit", backAt: "2099-01-01T00:00:00.000Z" }],
    });
    healths.noteOutcome("a", "server-error", "Oh no", null, "large");
    expect(healths.of(first())).toMatchObject({
      state: "up",
      message: expect.stringContaining("; large failed") as string,
    });
    healths.noteOutcome("a", null, null, null, "large");
    healths.noteOutcome("a", null, null, null, "small");
    expect(healths.of(first())).toMatchObject({ state: "up", message: null });
    expect(healths.of(first()).modelTroubles).toBeUndefined();
  });

  it("is limited until the first may be asked again once each of its models is", async () => {
    records = [record("a", { models: bothModels })];
    outcome = () => Promise.resolve({ ...up, state: "down", failure: "transport", message: "Nobody listens" });
    await healths.check(first());
    healths.noteOutcome("a", "rate-limit", "Slow down", "2099-01-02T00:00:00.000Z", "small");
    expect(healths.of(first())).toMatchObject({ state: "up", failure: null }); // it answered
    healths.noteOutcome("a", "rate-limit", "Slow down", "2099-01-01T00:00:00.000Z", "large");
    const limit = { state: "limited", failure: "rate-limit", backAt: "2099-01-01T00:00:00.000Z" };
    expect(healths.of(first())).toMatchObject(limit);
    healths.noteOutcome("a", null, null, null, "small");
    expect(healths.of(first())).toMatchObject({ state: "up", backAt: null });
  });

  it.each([
    ["rate-limit", "This request would exceed the limit of your account"],
    ["usage-limit", "Your credit balance is too low"],
    ["transport", "No answer"],
    ["not-logged-in", "The key is refused"],
  ] as const)("%s with a model, %s: is the whole provider's", (failure, message) => {
    healths.noteOutcome("a", failure, message, null, "small");
    expect(healths.of(first()).modelTroubles).toBeUndefined();
    expect(healths.of(first()).state).toBe(failure.endsWith("limit") ? "limited" : "down");
  });

  it("takes the end of a limit the engine read, and guesses one when nobody said it", () => {
    healths.noteOutcome("a", "usage-limit", "Used up", "2099-01-01T00:00:00.000Z");
    expect(healths.of(first()).backAt).toBe("2099-01-01T00:00:00.000Z");
    healths.noteOutcome("a", "usage-limit", "Used up");
    const guess = Date.parse(healths.of(first()).backAt ?? "");
    expect(guess - Date.now()).toBeGreaterThan(20 * 60_000);
    expect(guess - Date.now()).toBeLessThan(40 * 60_000);
  });

  it("looks at once after a restart when a limit ended meanwhile", async () => {
    healths.noteOutcome("a", "rate-limit", "x", new Date(Date.now() + 60).toISOString());
    await expect.poll(() => store.get().seen["a"]?.state).toBe("limited");
    healths.stop();
    await store.close();
    await new Promise((resolve) => setTimeout(resolve, 100));
    await start();
    healths.start();
    await expect.poll(() => healths.of(first()).state, { timeout: 3_000 }).toBe("up");
  });

  it.each([
    [null, "up"],
    ["transport", "down"],
    ["not-logged-in", "down"],
    ["server-error", "down"],
    ["crashed", "unknown"],
    ["cancelled", "unknown"],
    ["bad-request", "unknown"],
    ["budget", "unknown"],
  ] as const)("after an attempt that ended with %s is %s", (failure, state) => {
    healths.noteOutcome("a", failure, failure);
    expect(healths.of(first()).state).toBe(state);
  });

  it("does not look in the background at one that is off, limited or just looked at", async () => {
    healths.noteOutcome("a", "rate-limit", "x", "2099-01-01T00:00:00.000Z");
    healths.refresh(records, 0);
    expect(probes).toEqual([]);
    healths.noteOutcome("a", null, null);
    healths.refresh(records, 60_000);
    expect(probes).toEqual([]);
    healths.refresh(records, -1);
    expect(probes).toEqual(["a"]);
    await expect.poll(() => healths.of(first()).state).toBe("up");
  });

  it("drops what a probe saw of a configuration that was changed meanwhile", async () => {
    const answered = new EventEmitter();
    outcome = async () => {
      await once(answered, "now");
      return up;
    };
    const checking = healths.check(first());
    records = [record("a", { baseUrl: "http://127.0.0.1:10/v1" })];
    answered.emit("now");
    await checking;
    expect(healths.of(first()).state).toBe("unknown");
  });
});
