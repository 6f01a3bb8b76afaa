import type { BrowserState } from "../../../../contract/internal/browser.ts";
import type { CdpHttp } from "../../../../lib/chrome/cdp-http.ts";
import { AppError } from "../../../../lib/app-error.ts";
import type { OperationContext } from "../../framework/define-connector.ts";
import { GatewayError } from "../../framework/gateway-error.ts";
import type { TextReply } from "../../reading/page.ts";
import type { WebFetchConfig } from "../web-fetch-config.ts";
import { withPageTab, type PageTab } from "./page-tab.ts";
import { createPageTraffic, type PageTraffic } from "./page-traffic.ts";
import { createSlots } from "./slots.ts";

export interface PageBrowserOptions {
  /** How the browser is. */
  state(): Promise<BrowserState>;
  cdp: CdpHttp;
}

export interface BrowserWish {
  url: string;
  accept: string;
  /** Asks whether a document may be read, before it is asked for; throws where not. */
  allow(url: string, byPage?: { isOutsideOnly: boolean }): Promise<void>;
}

/** Reads pages as they are after their scripts have run. */
export interface PageBrowser {
  read(wish: BrowserWish, context: OperationContext<WebFetchConfig>): Promise<TextReply>;
}

/** Each is a process of Chrome. */
const mostPages = 2;
/** A page is at rest when it has asked for nothing for so long. */
const quietMs = 500;
/** One that never rests is taken as it is so long after it was loaded. */
const restlessMs = 8_000;
/** For what comes behind the page's own time: ending its script, reading it, closing it. */
const readingMs = 5_000;

/** Reads in the browser of PortOS, a few pages at once, over the gateway alone. */
export function createPageBrowser({ state, cdp }: PageBrowserOptions): PageBrowser {
  const slots = createSlots(mostPages);
  return {
    async read(wish, context) {
      const { isHeadless } = await needChrome(state);
      return slots.run(() => readInBrowser(wish, context, { cdp, isHidden: !isHeadless }), context.signal);
    },
  };
}

async function needChrome(state: PageBrowserOptions["state"]): Promise<BrowserState> {
  const now = await state().catch((cause: unknown) => {
    const hint = "Restart portos-browser on the System page, or read the page without the browser.";
    throw new GatewayError("unavailable", "The browser cannot be asked: portos-browser does not answer", {
      hint,
      cause,
    });
  });
  if (now.status === "online") return now;
  const command = now.install?.steps.find((step) => step.command !== null)?.command;
  if (now.status === "not_installed")
    throw new GatewayError("unavailable", "There is no Chrome or Chromium on this machine to open the page in", {
      hint: `${command === null || command === undefined ? "Install one" : `Install one (${command})`}, or read the page without the browser.`,
    });
  throw new GatewayError("unavailable", `Chrome is not running (${now.status})${now.reason ? `: ${now.reason}` : ""}`, {
    hint: `${now.hint ?? "Start it on the Browser page."} Or read the page without the browser.`,
  });
}

async function readInBrowser(
  { url, accept, allow }: BrowserWish,
  context: OperationContext<WebFetchConfig>,
  { cdp, isHidden }: { cdp: CdpHttp; isHidden: boolean },
): Promise<TextReply> {
  const { config, signal, timeLeftMs, note } = context;
  const limitMs = Math.max(1_000, Math.min(config.browserSeconds * 1_000, timeLeftMs() - readingMs));
  const timer = new AbortController();
  const timeout = setTimeout(() => {
    timer.abort(tooLong(limitMs));
  }, limitMs + readingMs);
  const traffic = createPageTraffic({ context, accept, allow });
  const { userAgent, languages, maxPageBytes } = config;
  const tabOptions = { cdp, isHidden, userAgent, languages, answer: traffic.answer };
  try {
    return await withPageTab(tabOptions, AbortSignal.any([signal, timer.signal]), async (tab) => {
      const startedAt = performance.now();
      const text = await firstDocument(tab, traffic, { url, limitMs });
      if (!text.isPage) {
        note("browser_unneeded", "There is no page at this address, so nothing was opened in the browser");
        return text;
      }
      const rest = await untilAtRest(tab, traffic, { startedAt, limitMs });
      const page = await readTab(tab, { maxPageBytes, isStuck: rest === "late" });
      const { made, unmade } = traffic.tally.counts();
      note("browser", `The page was opened in the browser; its own requests: ${made} made, ${unmade} not`);
      const warnings = [...text.warnings, ...restWarnings(rest, limitMs), ...traffic.tally.warnings()];
      return { ...text, url: pageUrlOf(page.url, text.url), text: page.html, warnings };
    });
  } catch (error) {
    throw toBrowserError(error);
  } finally {
    clearTimeout(timeout);
  }
}

async function firstDocument(
  tab: PageTab,
  { document }: PageTraffic,
  { url, limitMs }: { url: string; limitMs: number },
) {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(tooLong(limitMs));
    }, limitMs);
  });
  // Where it went is known by its document; only a failure is news.
  const opened = tab.open(url).then(() => document);
  try {
    return await Promise.race([document, opened, late]);
  } finally {
    clearTimeout(timer);
  }
}

type Rest = "rest" | "restless" | "late";

/** Waits until the page has loaded and asks for nothing more, or its time is up. */
async function untilAtRest(
  tab: PageTab,
  traffic: PageTraffic,
  { startedAt, limitMs }: { startedAt: number; limitMs: number },
): Promise<Rest> {
  let loadedAt: number | null = null;
  for (;;) {
    const now = performance.now();
    if (!tab.hasLoaded()) loadedAt = null;
    else loadedAt ??= now;
    const loadedMs = loadedAt === null ? 0 : now - loadedAt;
    if (Math.min(loadedMs, traffic.quietMs()) >= quietMs) return "rest";
    if (loadedMs >= restlessMs) return "restless";
    if (now - startedAt >= limitMs) return "late";
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function readTab(tab: PageTab, { maxPageBytes, isStuck }: { maxPageBytes: number; isStuck: boolean }) {
  if (isStuck) await tab.interrupt();
  const page = await tab.read(maxPageBytes);
  if (page) return page;
  throw new GatewayError("too_large", `What the page has become is larger than ${maxPageBytes} characters`, {
    hint: "Raise the largest page in the configuration, or read the page without the browser.",
    isFinal: true,
  });
}

function restWarnings(rest: Rest, limitMs: number): string[] {
  if (rest === "rest") return [];
  const after = rest === "late" ? `after ${limitMs / 1_000} s` : `${restlessMs / 1_000} s after it had loaded`;
  return [`The page did not come to rest; this is how it was ${after}.`];
}

/** A page can give itself another address of its site, and then its links start from there. */
function pageUrlOf(url: string, asked: string): string {
  return /^https?:/.test(url) ? url : asked;
}

function tooLong(limitMs: number): GatewayError {
  return new GatewayError("timeout", `The page was not there after ${Math.round(limitMs / 1_000)} s in the browser`, {
    hint: "Allow more time in the configuration or the policy, or read the page without the browser.",
    isFinal: true,
  });
}

/** Chrome's own way of failing is not that of the page. */
function toBrowserError(error: unknown): unknown {
  if (error instanceof GatewayError || !(error instanceof AppError)) return error;
  return new GatewayError("unavailable", `The page could not be opened in the browser: ${error.message}`, {
    hint: "Look at the Browser page, or read the page without the browser.",
    cause: error,
  });
}
