import { mkdtemp, rm } from "node:fs/promises";
import { createSocket, type Socket } from "node:dgram";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { createBrowserApp } from "../../../../browser/app.ts";
import type { ConnectorPolicyInput } from "../../../../contract/features/connectors.ts";
import { createCdpHttp, type CdpHttp } from "../../../../lib/chrome/cdp-http.ts";
import { withBrowserClient } from "../../../../lib/chrome/cdp-session.ts";
import { parseEnv } from "../../../../lib/env.ts";
import { startHttp, startRaw, type StartedServer } from "../../../../lib/guarded-http/testing/hostile-server.ts";
import { silentLogger } from "../../../../lib/logger.ts";
import { freePort } from "../../../../lib/testing/free-port.ts";
import { until } from "../../../../lib/testing/temporary-folder.ts";
import { bundleProgram } from "../../../../scripts/lib/bundle-program.mjs";
import { createTestGateway, type TestGateway } from "../../framework/testing/test-gateway.ts";
import { startSite, type SitePages, type WebSite } from "../../reading/testing/web-site.ts";
import { createPageReader, type PageReader } from "../page-reader.ts";
import { createWebFetch } from "../web-fetch.ts";
import { createPageBrowser } from "./page-browser.ts";
import { reaching, script } from "./testing/scripted-pages.ts";

/** A real Chrome of portos-browser, a real gateway, sites on loopback: `site` is named in the policy, `inside` is not. */
let folder = "";
let program = "";
let app: Awaited<ReturnType<typeof createBrowserApp>>;
let cdp: CdpHttp;
let reader: PageReader;
let site: WebSite;
let inside: StartedServer;
let udp: Socket;
let packets = 0;
let gateway: TestGateway;
/** In the order of what was begun, so that nothing stays when a beginning fails. */
const stops: (() => unknown)[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "portos-pages-"));
  stops.push(() => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));
  program = await bundleProgram("server/connectors/web-fetch/page-worker.ts");
  stops.push(() => rm(program, { force: true }));
  const env = parseEnv(
    {
      HOME: folder,
      PORTOS_BASE_PORT: String(await freePort()),
      PORTOS_DATA_DIR: join(folder, "data"),
      PORTOS_STATE_DIR: join(folder, "state"),
    },
    folder,
  );
  app = await createBrowserApp({ env, logger: silentLogger });
  stops.push(() => app.stop());
  await app.start();
  await until(() => app.service.state().status === "online", 60_000);
  cdp = createCdpHttp({ host: env.cdpHost, port: env.ports.cdp });
  reader = createPageReader(program);
  stops.push(() => reader.stop());
  site = await startSite({});
  stops.push(() => site.close());
  inside = await startHttp((_, response) => response.end("<p>secret"));
  stops.push(() => inside.close());
  udp = createSocket("udp4");
  stops.push(() => udp.close());
  udp.on("message", () => {
    packets += 1;
  });
  await new Promise<void>((resolve) => udp.bind(0, "127.0.0.1", resolve));
});

afterAll(async () => {
  for (const stop of stops.toReversed()) await stop();
});

beforeEach(() => {
  site.visits.length = 0;
});

afterEach(async () => {
  await gateway.end();
  expect(await contexts()).toEqual([]);
});

function contexts(): Promise<string[]> {
  return withBrowserClient(cdp, 5_000, async (client) => {
    return (await client.send("Target.getBrowserContexts")).browserContextIds;
  });
}

async function open(
  pages: SitePages,
  {
    policy = {},
    config = {},
    isHeadless = true,
  }: { policy?: ConnectorPolicyInput; config?: Record<string, unknown>; isHeadless?: boolean } = {},
) {
  site.pages = pages;
  const state = () => Promise.resolve({ ...app.service.state(), isHeadless });
  const browser = createPageBrowser({ state, cdp });
  gateway = await createTestGateway({
    connectors: [createWebFetch(reader, browser)],
    configs: { "web-fetch": config },
    policy,
    insides: [site.origin],
  });
}

function params(path: string, more: Record<string, unknown> = {}) {
  return { url: `${site.origin}${path}`, via: "browser", mainOnly: false, ...more };
}

interface Page {
  url: string;
  content: string;
  title: string | null;
  warnings: string[];
}

async function fetchPage(path: string, more: Record<string, unknown> = {}): Promise<Page & { evidenceId: string }> {
  const { output, evidenceId } = await gateway.call("web-fetch", "fetch", params(path, more));
  return { ...(output as Page), evidenceId };
}

const json = { "content-type": "application/json" };

describe("a page that its scripts write", () => {
  test("is read as they left it, over the gateway alone, and says so in its evidence", async () => {
    await open({
      "/app": {
        body: `<!doctype html><title>Empty</title><link rel=stylesheet href=/s.css><main id=app></main>
          <img src=/big.png onload="document.body.dataset.seen='dot'"><script src=/app.js></script>`,
        headers: { "set-cookie": "visit=1; Path=/; HttpOnly" },
      },
      "/app.js": {
        body: `fetch("/api?page=1", { headers: { "x-kind": "list" } }).then((reply) => reply.json()).then(({ names }) => {
          document.title = "Full"; history.replaceState(null, "", "/app/list");
          app.innerHTML = names.map((name) => "<p><a href=" + name + ">" + name + "</a></p>").join("");
        });`,
        headers: { "content-type": "text/javascript" },
      },
      "/api": ({ headers }) => ({
        body: JSON.stringify({ names: ["Anna", "Ben", headers["x-kind"] ?? "", headers.cookie ?? ""] }),
        headers: json,
      }),
    });
    const page = await fetchPage("/app");
    expect(page).toMatchObject({ title: "Full", url: `${site.origin}/app/list`, warnings: [] });
    expect(page.content).toContain(`[Anna](${site.origin}/app/Anna)`);
    expect(page.content).toContain("list");
    expect(page.content).toContain("visit=1");
    expect(site.visits.map(({ path }) => path)).toEqual(["/app", "/app.js", "/api?page=1"]);
    expect(site.visits.map(({ headers }) => headers["user-agent"])).toEqual(
      Array.from({ length: 3 }, () => "Mozilla/5.0 (compatible; PortOS)"),
    );
    const record = await gateway.evidence(page.evidenceId);
    expect(record.addresses).toEqual([{ host: new URL(site.origin).host, address: "127.0.0.1" }]);
    expect(record.path).toContainEqual(
      expect.objectContaining({
        code: "browser",
        reason: "The page was opened in the browser; its own requests: 2 made, 0 not",
      }),
    );
    const parts = await gateway.call("web-fetch", "extract", {
      url: `${site.origin}/app`,
      via: "browser",
      parts: ["links"],
      selector: "main a",
    });
    expect(parts.output).toMatchObject({ matches: 4 });
    expect(await gateway.call("web-fetch", "fetch", { ...params("/app"), via: "http" })).toMatchObject({
      output: { title: "Empty" },
    });
  });

  test("has no cookies of the user, nor of a call before, and is not among the user's tabs", async () => {
    await open({
      "/": ({ headers }) => ({
        body: script(
          `say("cookies: " + ${JSON.stringify(headers.cookie ?? "none")}); setTimeout(() => fetch("/slow"), 100);`,
        ),
        headers: { "set-cookie": "who=user; Path=/; Max-Age=600" },
      }),
      "/slow": { body: "" },
    });
    const tab = await app.service.openTab(`${site.origin}/`);
    await expect.poll(async () => (await app.service.text(tab.id)).text).toContain("cookies: none");
    const reading = Promise.all([fetchPage("/"), fetchPage("/")]);
    await expect.poll(contexts).not.toEqual([]);
    expect((await app.service.tabs()).filter(({ url }) => url.startsWith(site.origin))).toHaveLength(1);
    for (const page of await reading) expect(page.content).toContain("cookies: none");
    expect((await fetchPage("/")).content).toContain("cookies: none");
    await app.service.closeTab(tab.id);
  });

  test("is read in its own encoding; what is no page is given back without the browser", async () => {
    await open({
      "/ru": {
        body: Buffer.concat([
          Buffer.from("<p>"),
          Buffer.from("cff0e8e2e5f2", "hex"),
          Buffer.from("<script>1</script>"),
        ]),
        headers: { "content-type": "text/html; charset=windows-1251" },
      },
      "/data": { body: '{"a":1}', headers: json },
      "/file": { body: Buffer.from("89504e470d0a1a0a00", "hex"), headers: { "content-type": "image/png" } },
    });
    expect(await fetchPage("/ru")).toMatchObject({ content: "Привет", encoding: "windows-1251" });
    expect(await fetchPage("/data")).toMatchObject({ content: '{"a":1}', contentType: "application/json" });
    expect(await gateway.refused("web-fetch", "fetch", params("/file"))).toMatchObject({
      gatewayCode: "reply_invalid",
    });
    expect(await gateway.refused("web-fetch", "fetch", params("/none"))).toMatchObject({
      gatewayCode: "upstream_failed",
      message: `${site.origin} answered 404: Nothing here`,
    });
  });

  test("shows nowhere in a browser with a window, and is read all the same", async () => {
    const code = `requestAnimationFrame(() => requestIdleCallback(() => { say("drawn"); setTimeout(() => fetch("/slow"), 200); }));`;
    await open({ "/": { body: script(code) }, "/slow": { body: "" } }, { isHeadless: false });
    const reading = fetchPage("/");
    await expect.poll(() => site.visits.length).toBe(2);
    expect((await cdp.tabs()).map(({ url }) => url)).toEqual(["about:blank"]);
    expect((await reading).content).toBe("drawn");
  });

  test("robots.txt is asked before the page and before where it leads", async () => {
    await open({
      "/robots.txt": { body: "User-agent: *\nDisallow: /closed", headers: { "content-type": "text/plain" } },
      "/open": { body: "<p>open" },
      "/way": { status: 302, headers: { location: "/closed" } },
      "/closed": { body: "<p>closed" },
      "/script": { body: script(`say("before"); location.href = "/closed";`) },
    });
    const careful = { respectsRobots: true };
    expect((await fetchPage("/open", careful)).content).toBe("open");
    for (const path of ["/closed", "/way"])
      expect(await gateway.refused("web-fetch", "fetch", params(path, careful))).toMatchObject({
        gatewayCode: "refused_by_policy",
      });
    const page = await fetchPage("/script", careful);
    expect(page.content).toBe("before");
    expect(page.warnings).toHaveLength(1);
    expect(site.visits.map(({ path }) => path)).not.toContain("/closed");
  });
});

describe("a hostile page", () => {
  test("reaches no place inside that is not its own, by whatever way", async () => {
    await open({
      "/": { body: reaching(inside.port, udp.address().port) },
      "/to-inside": { status: 302, headers: { location: `http://127.0.0.1:${inside.port}/redirect` } },
      "/worker.js": { body: "", headers: { "content-type": "text/javascript" } },
      "/late": { body: "" },
    });
    const page = await fetchPage("/");
    expect(page.content).not.toContain(": in");
    for (const name of ["fetch", "post", "own post", "localhost", "redirect", "worker", "socket", "window", "image"])
      expect(page.content).toContain(`${name}: out`);
    expect(page.content).toContain("service worker: out");
    expect(inside.connections()).toBe(0);
    expect(packets).toBe(0);
    expect(site.visits.filter(({ method }) => method !== "GET")).toEqual([]);
    expect(page.warnings).toContainEqual(expect.stringMatching(/the policy refused: \d+ \(127\.0\.0\.1:/));
    expect(page.warnings).toContainEqual(expect.stringMatching(/not made: \d+ \(POST/));
  });

  test("reaches no other place inside either that the policy names for calls", async () => {
    await open(
      {
        "/": {
          body: script(
            `fetch("http://127.0.0.1:${inside.port}/", { mode: "no-cors" }).then(() => say("in"), () => say("out"));`,
          ),
        },
      },
      { policy: { insides: [`127.0.0.1:${inside.port}`] } },
    );
    expect((await fetchPage("/")).content).toBe("out");
    expect(inside.connections()).toBe(0);
  });

  test("that redirects inside is refused, and so is one whose domain is blocked", async () => {
    await open({ "/": { status: 302, headers: { location: `http://127.0.0.1:${inside.port}/` } } });
    const refused = await gateway.refused("web-fetch", "fetch", params("/"));
    expect(refused).toMatchObject({ gatewayCode: "refused_by_guard" });
    expect(inside.connections()).toBe(0);
    gateway.setPolicy({ blockedDomains: ["127.0.0.1"] });
    expect(await gateway.refused("web-fetch", "fetch", params("/"))).toMatchObject({
      gatewayCode: "refused_by_policy",
    });
  });

  test("that redirects without end is given up", async () => {
    await open({ "/": { status: 302, headers: { location: "/" } } });
    expect(await gateway.refused("web-fetch", "fetch", params("/"))).toMatchObject({
      message: "More than 10 redirects",
    });
  });

  test("whose script never ends is read as it is when its time is up", async () => {
    await open({ "/": { body: script(`say("so far"); for (;;);`) } }, { config: { browserSeconds: 2 } });
    const page = await fetchPage("/");
    expect(page.content).toBe("so far");
    expect(page.warnings).toEqual(["The page did not come to rest; this is how it was after 2 s."]);
  });

  test("that starts over and over ends in time all the same", async () => {
    const again = `setInterval(() => { for (;;); }, 0); say("x"); for (;;);`;
    await open({ "/": { body: script(again) } }, { config: { browserSeconds: 2 } });
    const startedAt = Date.now();
    await fetchPage("/").catch((error: unknown) => {
      expect(error).toMatchObject({ gatewayCode: "timeout" });
    });
    expect(Date.now() - startedAt).toBeLessThan(15_000);
  });

  test("that asks for more and more, or never stops asking, is told what it may not have", async () => {
    await open({
      "/many": { body: script(`for (let n = 0; n < 400; n += 1) fetch("/one?" + n);`) },
      "/one": { body: "1" },
      "/polls": { body: script(`say("polled"); setInterval(() => fetch("/one"), 50);`) },
    });
    const many = await fetchPage("/many");
    expect(site.visits.length).toBeLessThanOrEqual(151);
    expect(many.warnings.length).toBeGreaterThan(0);
    const polled = await fetchPage("/polls");
    expect(polled.content).toBe("polled");
    expect(polled.warnings[0]).toMatch(/did not come to rest/);
  });

  test("that is, becomes or loads too much is refused or cut short", async () => {
    const big = "x".repeat(5_000_000);
    await open(
      {
        "/big": { body: `<p>${big}` },
        "/grows": { body: script(`out.textContent = "x".repeat(200_000);`) },
        "/loads": { body: script(`fetch("/part").then(() => say("in"), () => say("out"));`) },
        "/part": { body: big },
      },
      { config: { maxPageBytes: 100_000 } },
    );
    expect(await gateway.refused("web-fetch", "fetch", params("/big"))).toMatchObject({ gatewayCode: "too_large" });
    expect(await gateway.refused("web-fetch", "fetch", params("/grows"))).toMatchObject({ gatewayCode: "too_large" });
    expect((await fetchPage("/loads")).content).toBe("out");
  });

  test("may ask the user nothing, keep nothing and hold nobody up with windows", async () => {
    await open({
      "/": {
        body: script(
          `say("alert " + alert("x")); say("confirm " + confirm("x")); window.onbeforeunload = () => "stay"; print(); say("done");`,
        ),
      },
    });
    expect((await fetchPage("/")).content).toContain("done");
  });
});

describe("what ends a call", () => {
  test("its caller, in the middle of a page, and nothing stays open", async () => {
    const silent = await startRaw(() => undefined);
    try {
      await open({ "/": { body: script(`fetch("/never")`) } }, { policy: { insides: [`127.0.0.1:${silent.port}`] } });
      const controller = new AbortController();
      const call = gateway.refused(
        "web-fetch",
        "fetch",
        { url: `http://127.0.0.1:${silent.port}/`, via: "browser" },
        { signal: controller.signal },
      );
      await expect.poll(() => silent.open()).toBe(1);
      controller.abort();
      expect(await call).toMatchObject({ gatewayCode: "cancelled" });
      await expect.poll(contexts).toEqual([]);
      await expect.poll(() => silent.open()).toBe(0);
    } finally {
      await silent.close();
    }
  });

  test("the policy's time", async () => {
    const silent = await startRaw(() => undefined);
    try {
      await open({}, { policy: { insides: [`127.0.0.1:${silent.port}`], timeoutMs: 3_000 } });
      const url = `http://127.0.0.1:${silent.port}/`;
      expect(await gateway.refused("web-fetch", "fetch", { url, via: "browser" })).toMatchObject({
        gatewayCode: "timeout",
      });
      await expect.poll(contexts).toEqual([]);
    } finally {
      await silent.close();
    }
  });

  test("no Chrome, with what to do about it", async () => {
    await open({ "/": { body: "<p>x" } });
    await app.service.stop();
    try {
      expect(await gateway.refused("web-fetch", "fetch", params("/"))).toMatchObject({
        gatewayCode: "unavailable",
        message: "Chrome is not running (stopped): Switched off in the settings",
        hint: "Start it on the Browser page. Or read the page without the browser.",
      });
      expect(site.visits).toEqual([]);
    } finally {
      await app.service.start();
      await expect.poll(() => app.service.state().status, { timeout: 60_000 }).toBe("online");
    }
  });
});
