import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { createTestGateway, type TestGateway } from "../framework/testing/test-gateway.ts";
import { monitoring } from "./monitoring.ts";
import { startFakeMonitoring, type FakeMonitoring } from "./testing/fake-monitoring.ts";

let fake: FakeMonitoring;
let scene: TestGateway;
beforeAll(async () => {
  fake = await startFakeMonitoring();
});
afterAll(() => fake.close());
beforeEach(async () => {
  fake.calls.length = 0;
  fake.answers.length = 0;
  scene = await createTestGateway({ connectors: [monitoring] });
});
afterEach(() => scene.end());

const keys = {
  prometheus: { token: "prometheus-token" },
  datadog: { apiKey: "datadog-api-key", applicationKey: "datadog-app-key" },
  "new-relic": { userKey: "NRAK-USERKEY", licenseKey: "license-key-NRAL", accountId: 7 },
};

function configure(system: keyof typeof keys, more: Record<string, unknown> = {}): void {
  scene.setConfig("monitoring", { system, url: `${fake.url}/`, submitUrl: fake.url, ...keys[system], ...more });
}

async function run(operation: string, params: Record<string, unknown>): Promise<unknown> {
  return (await scene.call("monitoring", operation, params)).output;
}

describe("prometheus", () => {
  beforeEach(() => {
    configure("prometheus");
  });

  it("asks for curves over a span, and for values of now", async () => {
    await expect(
      run("query", { query: 'up{job=~"a|b"}', minutes: 120, until: "2026-01-01T12:00:00Z" }),
    ).resolves.toEqual({
      series: [
        {
          name: "up",
          labels: { job: "node" },
          unit: null,
          points: [
            { at: "2015-07-01T20:10:30.781Z", value: 1 },
            { at: "2015-07-01T20:10:45.781Z", value: null },
          ],
        },
        { name: "up", labels: { job: "web" }, unit: null, points: [{ at: "2015-07-01T20:10:30.781Z", value: 0 }] },
      ],
      rows: [],
      isCut: false,
      warnings: ["a part did not answer"],
    });
    const end = Date.UTC(2026, 0, 1, 12) / 1_000;
    const [call] = fake.calls;
    expect(Object.fromEntries(new URLSearchParams(call?.body))).toEqual({
      query: 'up{job=~"a|b"}',
      start: String(end - 7_200),
      end: String(end),
      step: "60",
    });
    expect(call?.headers.authorization).toBe("Bearer prometheus-token");
    await expect(run("query", { query: "up", isNow: true, maxSeries: 1 })).resolves.toMatchObject({
      series: [{ labels: { job: "node", instance: "a:9100" }, points: [{ value: 1 }] }],
    });
  });

  it("gives a single number as a point, and a text as a row", async () => {
    fake.answers.push({ body: { status: "success", data: { resultType: "scalar", result: [1_435_781_451, "3"] } } });
    await expect(run("query", { query: "scalar(a)", isNow: true })).resolves.toMatchObject({
      series: [{ name: "", points: [{ at: "2015-07-01T20:10:51.000Z", value: 3 }] }],
    });
    fake.answers.push({ body: { status: "success", data: { resultType: "string", result: [1_435_781_451, "b"] } } });
    await expect(run("query", { query: '"b"', isNow: true })).resolves.toMatchObject({
      series: [],
      rows: [{ value: "b" }],
    });
  });

  it("lists alerting rules, the recording ones left out", async () => {
    await expect(run("list-monitors", { limit: 2 })).resolves.toMatchObject({
      monitors: [
        {
          id: "/rules.yml/example/HighLatency",
          state: "alerting",
          tags: ["severity:page"],
          since: "2018-07-04T18:27:12.606Z",
        },
        { name: "Slow", state: "warning" },
      ],
      next: "2",
    });
    await expect(run("list-monitors", { limit: 2, cursor: "2" })).resolves.toMatchObject({
      monitors: [{ name: "Fine", state: "ok" }],
      next: null,
    });
    await expect(run("list-monitors", { text: "hIGH", state: "alerting" })).resolves.toMatchObject({
      monitors: [{ name: "HighLatency" }],
    });
  });

  it("pushes a metric into a group that its tags make", async () => {
    const tags = { branch: "feature/x", host: "build-1", empty: "" };
    await run("submit-metric", { name: "build_seconds", value: 41.5, tags });
    expect(fake.calls[0]).toMatchObject({
      method: "POST",
      path: "/metrics/job/portos/branch@base64/ZmVhdHVyZS94/host/build-1/empty@base64/=",
      body: "# TYPE build_seconds gauge\nbuild_seconds 41.5\n",
    });
    for (const wrong of [{ name: "a.b" }, { at: "2026-01-01T12:00:00Z" }, { tags: { job: "x" } }])
      expect(await scene.refused("monitoring", "submit-metric", { name: "a", value: 1, ...wrong })).toMatchObject({
        gatewayCode: "invalid_params",
      });
    configure("prometheus", { submitUrl: undefined });
    expect(await scene.refused("monitoring", "submit-metric", { name: "a", value: 1 })).toMatchObject({
      gatewayCode: "not_configured",
    });
  });

  it("says what Prometheus says of a wrong query, once", async () => {
    fake.answers.push({
      status: 400,
      body: { status: "error", errorType: "bad_data", error: "parse error at char 3" },
    });
    expect(await scene.refused("monitoring", "query", { query: "up{" })).toMatchObject({
      message: "Prometheus answered 400: parse error at char 3",
      isFinal: true,
    });
    expect(fake.calls).toHaveLength(1);
    fake.answers.push({ body: "<html>Sign in</html>" });
    expect(await scene.refused("monitoring", "query", { query: "up" })).toMatchObject({
      gatewayCode: "upstream_failed",
    });
    fake.answers.push({ body: { status: "success", data: { resultType: "new", result: [] } } });
    expect(await scene.refused("monitoring", "query", { query: "up" })).toMatchObject({ gatewayCode: "reply_invalid" });
  });
});

describe("datadog", () => {
  beforeEach(() => {
    configure("datadog");
  });

  it("asks with both keys", async () => {
    await expect(
      run("query", { query: "avg:system.load.1{*} by {host}", until: "2026-01-01T12:00:00Z" }),
    ).resolves.toMatchObject({
      series: [
        {
          name: "system.load.1",
          labels: { host: "a", lonely: "" },
          unit: "s",
          points: [{ at: "2019-12-02T20:17:27.000Z", value: 0.5 }, { value: null }],
        },
      ],
    });
    const [call] = fake.calls;
    const end = Date.UTC(2026, 0, 1, 12) / 1_000;
    expect(Object.fromEntries(call?.query ?? [])).toEqual({
      from: String(end - 3_600),
      to: String(end),
      query: "avg:system.load.1{*} by {host}",
    });
    expect(call?.headers).toMatchObject({ "dd-api-key": "datadog-api-key", "dd-application-key": "datadog-app-key" });
  });

  it("lists monitors a page at a time", async () => {
    await expect(run("list-monitors", { limit: 2, text: "by" })).resolves.toMatchObject({
      monitors: [
        { id: "91879684", state: "alerting", since: "2024-01-02T03:04:05.000Z", tags: ["team:a"] },
        { state: "ok", since: null },
      ],
      next: "1",
    });
    await run("list-monitors", { limit: 2, cursor: "1" });
    expect(fake.calls.map(({ query }) => query.toString())).toEqual([
      "page=0&page_size=2&name=by",
      "page=1&page_size=2",
    ]);
  });

  it("sends a series, a count only once", async () => {
    const at = "2026-01-01T12:00:00Z";
    await expect(
      run("submit-metric", {
        name: "deploys",
        value: 2,
        type: "count",
        at,
        unit: "item",
        tags: { host: "a", team: "b" },
      }),
    ).resolves.toEqual({ isAccepted: true, at: "2026-01-01T12:00:00.000Z", requestId: null });
    expect(JSON.parse(fake.calls[0]?.body ?? "")).toEqual({
      series: [
        {
          metric: "deploys",
          type: 1,
          interval: 60,
          unit: "item",
          points: [{ timestamp: Date.UTC(2026, 0, 1, 12) / 1_000, value: 2 }],
          tags: ["team:b"],
          resources: [{ name: "a", type: "host" }],
        },
      ],
    });
    fake.calls.length = 0;
    fake.answers.push({ status: 502, body: "" });
    await scene.refused("monitoring", "submit-metric", { name: "deploys", value: 2, type: "count" });
    expect(fake.calls).toHaveLength(1);
    fake.answers.push({ status: 502, body: "" });
    await run("submit-metric", { name: "load", value: 2 });
    expect(JSON.parse(fake.calls.at(-1)?.body ?? "")).toMatchObject({ series: [{ type: 3 }] });
  });

  it("says that the keys are refused, without saying them", async () => {
    fake.answers.push({ status: 403, body: { errors: ["Forbidden", "datadog-api-key is unknown"] } });
    const error = await scene.refused("monitoring", "query", { query: "x" });
    expect(error).toMatchObject({ hint: expect.stringContaining("keys") as string, isFinal: true });
    expect(error.message).toContain("Datadog answered 403: Forbidden");
    fake.answers.push({ body: { status: "error", error: "Rule 'x' did not parse", series: [] } });
    expect((await scene.refused("monitoring", "query", { query: "x" })).message).toContain("did not parse");
  });

  it("waits no longer than it must when it is asked for patience", async () => {
    const answer = { status: 429, headers: { "retry-after": "600" }, body: { errors: ["Rate limit"] } };
    fake.answers.push(answer);
    expect(await scene.refused("monitoring", "query", { query: "x" })).toMatchObject({ isFinal: false });
  });
});

describe("new relic", () => {
  beforeEach(() => {
    configure("new-relic");
  });

  it("asks in NRQL, which never becomes a part of the document", async () => {
    const query = 'SELECT average(duration) FROM Transaction WHERE a = "}{" SINCE 1 hour ago';
    await expect(run("query", { query })).resolves.toMatchObject({
      series: [],
      rows: [{ "average.duration": 0.4, facet: "web" }],
    });
    const [call] = fake.calls;
    const body = JSON.parse(call?.body ?? "") as { query: string; variables: unknown };
    expect(body.variables).toEqual({ account: 7, nrql: query });
    expect(body.query).not.toContain("Transaction");
    expect(call?.headers["api-key"]).toBe("NRAK-USERKEY");
  });

  it("lists conditions by cursor", async () => {
    await expect(run("list-monitors", { text: "a", cursor: "c" })).resolves.toMatchObject({
      monitors: [
        { id: "1", name: "Slow", state: "unknown", kind: "STATIC", query: "SELECT 1", tags: ["policy:7"] },
        { id: "2", state: "off" },
      ],
      next: "next-page",
    });
    expect(JSON.parse(fake.calls[0]?.body ?? "")).toMatchObject({ variables: { account: 7, cursor: "c", name: "a" } });
  });

  it("sends a metric with the license key alone", async () => {
    const at = "2026-01-01T12:00:00Z";
    await expect(
      run("submit-metric", { name: "deploys", value: 2, type: "count", intervalSeconds: 10, at, tags: { host: "a" } }),
    ).resolves.toMatchObject({ requestId: "f0e7bfff-001a-b000-0000-01682bcf4565" });
    const [call] = fake.calls;
    expect(call?.path).toBe("/metric/v1");
    expect(call?.headers["api-key"]).toBe("license-key-NRAL");
    expect(JSON.parse(call?.body ?? "")).toEqual([
      {
        metrics: [
          {
            name: "deploys",
            type: "count",
            value: 2,
            timestamp: Date.UTC(2026, 0, 1, 12),
            "interval.ms": 10_000,
            attributes: { host: "a" },
          },
        ],
      },
    ]);
  });

  it("says what NerdGraph says of a wrong query", async () => {
    fake.answers.push({
      body: { data: { actor: { account: { nrql: null } } }, errors: [{ message: "NRQL Syntax Error" }] },
    });
    expect(await scene.refused("monitoring", "query", { query: "SELECT" })).toMatchObject({
      message: "New Relic refuses it: NRQL Syntax Error",
      isFinal: true,
    });
  });
});

it.each([
  [{ system: "prometheus" }, ["url"]],
  [{ system: "datadog", apiKey: "12345678" }, ["applicationKey"]],
  [{ system: "new-relic", userKey: "12345678" }, ["accountId"]],
  [{ system: "prometheus", url: "http://p.example.com", token: "12345678" }, ["url"]],
  [{ system: "prometheus", url: "http://p.example.com", user: "a" }, ["password", "url"]],
  [{ system: "prometheus", url: "http://p.example.com" }, []],
  [{ system: "prometheus", url: "http://10.0.0.4:9090", token: "12345678" }, []],
])("of %j these are wrong: %j", (config, fields) => {
  const parsed = monitoring.config.safeParse(config);
  expect(parsed.error?.issues.map(({ path }) => path[0]) ?? []).toEqual(fields);
});
