import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { startRaw } from "../../../lib/guarded-http/testing/hostile-server.ts";
import { loopbackContext } from "../framework/testing/loopback-context.ts";
import { createTestGateway, type TestGateway } from "../framework/testing/test-gateway.ts";
import { searchConfigSchema, type BackendName } from "./search-config.ts";
import type { SearchResult } from "./search-schema.ts";
import { reply, sample, startFakeSearch, type FakeSearch } from "./testing/fake-search.ts";
import { webSearch } from "./web-search.ts";

interface Found {
  backend: BackendName;
  results: SearchResult[];
  failed: { backend: BackendName; reason: string }[];
}

let fake: FakeSearch;
let scene: TestGateway;

beforeEach(async () => {
  fake = await startFakeSearch();
  scene = await createTestGateway({ connectors: [webSearch], configs: { "web-search": fake.config } });
});

afterEach(async () => {
  await scene.end();
  await fake.close();
});

const configure = (more: Record<string, unknown>): void => {
  scene.setConfig("web-search", { ...fake.config, ...more });
};
const call = (params: Record<string, unknown> = {}) =>
  scene.call("web-search", "search", { query: "tide tables", ...params });
const refused = (params: Record<string, unknown> = {}) =>
  scene.refused("web-search", "search", { query: "tide tables", ...params });
const search = async (params: Record<string, unknown> = {}): Promise<Found> => (await call(params)).output as Found;
const visit = (name: BackendName) => fake.sites[name].visits.at(-1);
const queryOf = (name: BackendName): Record<string, string> =>
  Object.fromEntries(new URL(visit(name)?.path ?? "/", "http://x").searchParams);

describe("each of them", () => {
  test("SearXNG: the first in order is asked, and nobody else", async () => {
    const { output, trust, path } = await call({ freshness: "week", language: "de-DE", page: 2 });
    expect(output).toEqual({
      query: "tide tables",
      backend: "searxng",
      results: [
        {
          title: "Tides & currents <Hamburg>",
          url: "https://tides.example/hamburg?a=1&b=2",
          snippet: "High water at 14:02, low water at 20:31.",
          source: "searxng",
          publishedAt: "2026-03-01T08:00:00.000Z",
        },
        {
          title: "https://harbour.example/",
          url: "https://harbour.example/",
          snippet: "",
          source: "searxng",
          publishedAt: null,
        },
      ],
      failed: [],
    });
    expect(trust).toBe("search-result");
    expect(path.filter(({ verdict }) => verdict === "note")).toEqual([]);
    expect(fake.asked()).toEqual({ searxng: 1 });
    expect(queryOf("searxng")).toEqual({
      q: "tide tables",
      format: "json",
      pageno: "2",
      language: "de-DE",
      time_range: "week",
      safesearch: "1",
    });
  });

  test("Brave: its words, its key in its header, HTML as text", async () => {
    const { results } = await search({ backend: "brave", freshness: "month", language: "ja", page: 3, count: 5 });
    expect(results).toEqual([
      {
        title: "Tides & currents",
        url: "https://tides.example/",
        snippet: "Tide tables for the Elbe <mouth to Hamburg>.",
        source: "brave",
        publishedAt: "2026-02-20T10:30:00.000Z",
      },
    ]);
    expect(visit("brave")?.headers["x-subscription-token"]).toBe("BSA-secret-key-1");
    expect(queryOf("brave")).toEqual({
      q: "tide tables",
      count: "5",
      offset: "2",
      safesearch: "moderate",
      search_lang: "jp",
      freshness: "pm",
      text_decorations: "false",
    });
    fake.answer("brave", reply('{"type":"search","query":{"original":"x"}}'));
    expect(await search({ backend: "brave" })).toMatchObject({ results: [] });
  });

  test("Tavily: a request in JSON with its key", async () => {
    const { results } = await search({ backend: "tavily", freshness: "day", count: 3 });
    expect(results).toMatchObject([
      {
        title: "How tides are computed",
        snippet: "Harmonic analysis of 1 < n constituents & more.",
        source: "tavily",
        publishedAt: "2026-03-02T10:00:00.000Z",
      },
    ]);
    expect(visit("tavily")?.headers["authorization"]).toBe("Bearer tvly-secret-key-2");
    expect(JSON.parse(visit("tavily")?.body ?? "")).toEqual({
      query: "tide tables",
      search_depth: "basic",
      max_results: 3,
      time_range: "day",
    });
  });

  test("DuckDuckGo: the form of its page", async () => {
    const { results } = await search({ backend: "duckduckgo", freshness: "year", language: "en-GB", query: "a & b" });
    expect(results.map(({ url }) => url)).toEqual([
      "https://tides.example/hamburg?a=1&b=2",
      "https://harbour.example/",
    ]);
    expect(visit("duckduckgo")).toMatchObject({ method: "POST", path: "/html/" });
    expect(Object.fromEntries(new URLSearchParams(visit("duckduckgo")?.body))).toEqual({
      q: "a & b",
      b: "",
      kl: "uk-en",
      kp: "-1",
      df: "y",
    });
  });
});

const good = "https://tides.example/";

describe("who fails is followed by the next, as the table says", () => {
  const cases: [string, BackendName, Parameters<typeof reply>, RegExp][] = [
    ["SearXNG without JSON", "searxng", ["<h1>Forbidden</h1>", 403], /answers no programs/],
    ["SearXNG's limiter", "searxng", ["{}", 429, { "retry-after": "600" }], /answered 429/],
    [
      "SearXNG whose engines are silent",
      "searxng",
      ['{"results":[],"unresponsive_engines":[["google","CAPTCHA"],["bing","timeout"]]}'],
      /google \(CAPTCHA\), bing \(timeout\)/,
    ],
    ["SearXNG that answers a page", "searxng", ["<html></html>"], /no JSON/],
    ["SearXNG of another shape", "searxng", ['{"hits":[]}'], /without a list/],
    ["SearXNG that is broken", "searxng", ["oops", 500], /answered 500/],
  ];

  test.each(cases)("%s", async (_, name, page, reason) => {
    fake.answer(name, reply(...page));
    const { output, path } = await call();
    expect(output).toMatchObject({ backend: "brave", results: [{ url: good }], failed: [{ backend: name }] });
    expect((output as Found).failed[0]?.reason).toMatch(reason);
    const note = path.find(({ code }) => code === "fell_back");
    expect(note).toMatchObject({ verdict: "note", step: "web-search" });
    expect(note?.reason).toMatch(reason);
    expect(note?.reason).toMatch(/Brave Search is asked instead$/);
  });

  test.each([
    ["a wrong key, said with 422", [sample("brave-wrong-key.json"), 422], /does not accept the key/],
    ["no credit", ['{"error":{"code":"USAGE_LIMIT_EXCEEDED","detail":"Used up."}}', 402], /answered 402.*Used up/],
    ["its rate limit", ['{"error":{"code":"RATE_LIMITED","detail":"Slow down."}}', 429], /answered 429.*Slow down/],
    ["an error without a shape", ["<h1>Bad gateway</h1>", 502], /answered 502/],
  ] as [string, Parameters<typeof reply>, RegExp][])("Brave: %s", async (_, page, reason) => {
    configure({ order: ["brave", "tavily"] });
    fake.answer("brave", reply(...page));
    const { backend, failed } = await search();
    expect([backend, failed[0]?.backend]).toEqual(["tavily", "brave"]);
    expect(failed[0]?.reason).toMatch(reason);
    expect(JSON.stringify(failed)).not.toContain("secret-key");
  });

  test.each([
    ["a wrong key", ['{"detail":{"error":"Unauthorized: missing or invalid API key."}}', 401], /invalid API key/],
    ["its plan's limit", ['{"detail":{"error":"This request exceeds your plan."}}', 432], /answered 432/],
  ] as [string, Parameters<typeof reply>, RegExp][])("Tavily: %s", async (_, page, reason) => {
    configure({ order: ["tavily", "duckduckgo"] });
    fake.answer("tavily", reply(...page));
    const { backend, failed } = await search();
    expect(backend).toBe("duckduckgo");
    expect(failed[0]?.reason).toMatch(reason);
  });

  test("DuckDuckGo's challenge", async () => {
    configure({ order: ["duckduckgo", "searxng"] });
    fake.answer("duckduckgo", reply(sample("duckduckgo-challenge.html"), 202));
    const { backend, failed } = await search();
    expect(backend).toBe("searxng");
    expect(failed[0]?.reason).toMatch(/^DuckDuckGo blocks this program/);
  });

  test("nobody is there, or is too slow", async () => {
    await fake.sites.searxng.close();
    expect(await search()).toMatchObject({ backend: "brave", failed: [{ backend: "searxng" }] });
    const silent = await startRaw(() => undefined);
    configure({ order: ["brave", "tavily"], waitMs: 1_000, braveUrl: `http://127.0.0.1:${silent.port}` });
    const started = performance.now();
    expect(await search()).toMatchObject({ backend: "tavily", failed: [{ backend: "brave" }] });
    expect(performance.now() - started).toBeLessThan(15_000); // without its own limit the call had a minute
    await silent.close();
  });

  test("what one of them cannot do the next is asked for", async () => {
    configure({ order: ["tavily", "duckduckgo", "brave"] });
    expect(await search({ page: 2 })).toMatchObject({
      backend: "brave",
      failed: [
        { backend: "tavily", reason: "Tavily cannot do this search: it gives only its first page" },
        { backend: "duckduckgo", reason: "DuckDuckGo cannot do this search: only its first page can be read" },
      ],
    });
    configure({ order: ["duckduckgo", "brave"] });
    expect(await search({ query: "!w tides" })).toMatchObject({ backend: "brave" });
    expect(fake.asked()).toEqual({ brave: 2 });
  });

  test("nothing found is an answer: nobody else is asked", async () => {
    configure({ order: ["duckduckgo", "brave"] });
    fake.answer("duckduckgo", reply(sample("duckduckgo-empty.html")));
    expect(await search()).toMatchObject({ backend: "duckduckgo", results: [], failed: [] });
    expect(fake.asked()).toEqual({ duckduckgo: 1 });
  });
});

test("Brave's limits of a second and of a month are told apart", async () => {
  const limits = { "x-ratelimit-remaining": "0, 1832", "x-ratelimit-reset": "1, 1419704" };
  fake.answer("brave", reply("{}", 429, limits));
  expect((await refused({ backend: "brave" })).askedMs).toBe(1_000);
  fake.answer("brave", reply("{}", 429, { ...limits, "x-ratelimit-remaining": "0, 0" }));
  expect((await refused({ backend: "brave" })).askedMs).toBe(1_419_704_000);
  fake.answer("brave", reply("{}", 429));
  expect((await refused({ backend: "brave" })).askedMs).toBeNull();
});

describe("the next one is not asked", () => {
  test("when the search itself is refused", async () => {
    configure({ order: ["brave", "tavily"] });
    fake.answer(
      "brave",
      reply('{"error":{"code":"VALIDATION","detail":"Unable to validate request parameter(s)"}}', 422),
    );
    expect(await refused()).toMatchObject({
      gatewayCode: "invalid_params",
      message: "Brave Search answered 422: VALIDATION, Unable to validate request parameter(s)",
    });
    expect(fake.asked()).toEqual({ brave: 1 });
  });

  test("when the user's rules refuse the one before", async () => {
    scene.setPolicy({ blockedDomains: [new URL(fake.sites.brave.origin).host] });
    fake.answer("searxng", reply("{}", 500));
    configure({ order: ["searxng", "brave", "tavily"] });
    const failure = await refused();
    expect(failure.gatewayCode).toBe("refused_by_guard");
    expect(failure.message).toMatch(/^Nobody could be asked: SearXNG answered 500; Brave Search: /);
    expect(Object.keys(fake.asked())).toEqual(["searxng"]);
  });

  test("when the caller has given up", async () => {
    const controller = new AbortController();
    fake.sites.searxng.pages = {
      "/search": () => {
        controller.abort();
        return reply("{}", 500);
      },
    };
    const failure = await scene.refused("web-search", "search", { query: "x" }, { signal: controller.signal });
    expect(failure.gatewayCode).toBe("cancelled");
    expect(Object.keys(fake.asked())).toEqual(["searxng"]);
  });

  test("when only one was wanted", async () => {
    fake.answer("searxng", reply("<h1>Forbidden</h1>", 403));
    expect(await refused({ backend: "searxng" })).toMatchObject({
      gatewayCode: "upstream_failed",
      message: "SearXNG answers no programs",
      hint: "Add json to search.formats in its settings.yml.",
    });
    expect(fake.asked()).toEqual({ searxng: 1 });
  });
});

test("when all fail, each is named with its reason and what to do, and no key is", async () => {
  fake.answer("searxng", reply("{}", 500));
  fake.answer("brave", reply(sample("brave-wrong-key.json"), 422));
  fake.answer("tavily", reply("{}", 432));
  fake.answer("duckduckgo", reply(sample("duckduckgo-challenge.html"), 202));
  const failure = await refused();
  expect(failure.gatewayCode).toBe("upstream_failed");
  expect(failure.message).toMatch(/SearXNG.*500; Brave.*key.*; Tavily.*432; DuckDuckGo blocks/);
  expect(failure.hint).toContain("Check its key in the configuration.");
  const record = JSON.stringify(await scene.evidence(failure.evidenceId));
  expect(record + failure.message).not.toContain("secret-key");
});

test("keys stay where they belong: redirects take them nowhere", async () => {
  configure({ order: ["brave", "tavily"] });
  fake.answer("brave", { status: 302, headers: { location: `${fake.sites.tavily.origin}/stolen` } });
  await search();
  expect(fake.sites.tavily.visits.map(({ path }) => path)).toEqual(["/search"]);
  expect(JSON.stringify(fake.sites.tavily.visits)).not.toContain("BSA-secret");
});

test("nothing leaves while it is off; without any set-up DuckDuckGo is who is asked", async () => {
  scene.setEnabled("web-search", false);
  expect(await refused()).toMatchObject({ gatewayCode: "disabled" });
  expect(fake.asked()).toEqual({});
  scene.setEnabled("web-search", true);
  scene.setConfig("web-search", { duckduckgoUrl: fake.sites.duckduckgo.origin });
  expect(await search()).toMatchObject({ backend: "duckduckgo", failed: [] });
  expect(await refused({ backend: "brave" })).toMatchObject({
    gatewayCode: "not_configured",
    message: "Brave Search cannot be asked: its key is not set",
  });
});

test("health asks each that is set up and names what is wrong", async () => {
  expect(await health()).toEqual({ isHealthy: true, detail: "SearXNG, Brave Search, Tavily, DuckDuckGo answer." });
  fake.answer("brave", reply(sample("brave-wrong-key.json"), 422));
  fake.answer("searxng", reply("", 403));
  const some = await health();
  expect(some?.isHealthy).toBe(true);
  expect(some?.detail).toMatch(
    /^Tavily, DuckDuckGo answer\. SearXNG answers no programs\. Add json .* Brave does not accept the key/,
  );
  fake.answer("tavily", reply("{}", 401));
  fake.answer("duckduckgo", reply(sample("duckduckgo-challenge.html"), 202));
  expect(await health()).toMatchObject({
    isHealthy: false,
    detail: expect.stringMatching(/^Nobody answers\./) as string,
  });
});

async function health() {
  const config = searchConfigSchema.parse(fake.config);
  const { context, close } = loopbackContext({ config, insides: [...(webSearch.insides?.(config) ?? [])] });
  try {
    return await webSearch.health?.(context);
  } finally {
    await close();
  }
}

test.each([
  [{ braveKey: "BSA-secret-key-1", braveUrl: "http://proxy.example" }, "braveUrl"],
  [{ tavilyKey: "tvly-secret-key", tavilyUrl: "http://10.0.0.1" }, "tavilyUrl"],
  [{ order: ["brave", "brave"], braveKey: "BSA-secret-key-1" }, "order"],
  [{ order: ["brave"] }, "order"],
  [{ order: [] }, "order"],
  [{ searxngUrl: "ftp://x" }, "searxngUrl"],
])("a configuration that cannot be right is refused: %o", (config, path) => {
  const parsed = searchConfigSchema.safeParse(config);
  expect(parsed.success).toBe(false);
  expect(parsed.error?.issues.map((issue) => issue.path[0])).toContain(path);
});
