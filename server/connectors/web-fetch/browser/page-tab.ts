import { closeBrowserClient, openBrowserClient, type BrowserClient } from "../../../../lib/chrome/cdp-session.ts";
import type { CdpHttp } from "../../../../lib/chrome/cdp-http.ts";
import { GatewayError } from "../../framework/gateway-error.ts";
import { openDeadEnd } from "./dead-end.ts";
import type { PageRequest } from "./page-request.ts";
import type { PageAnswer } from "./page-traffic.ts";

export interface PageTabOptions {
  cdp: CdpHttp;
  /** In a browser with a window, where the page must not show. */
  isHidden: boolean;
  userAgent: string;
  languages: string;
  answer(request: PageRequest): Promise<PageAnswer>;
}

/** One page of the browser, apart from everything else in it. */
export interface PageTab {
  /** Leads it somewhere; rejects when Chrome could not open that. */
  open(url: string): Promise<void>;
  /** Whether what was opened last has loaded. */
  hasLoaded(): boolean;
  /** The document as it is now, without anything of the page having a hand in it. `null` when it is longer than `maxChars`. */
  read(maxChars: number): Promise<{ url: string; html: string } | null>;
  /** Ends the script that runs just now. */
  interrupt(): Promise<void>;
  /** Rejects when Chrome, or the process of the page, ends; never resolves. */
  ended: Promise<never>;
}

const closeWithinMs = 3_000;
const size = { width: 1_280, height: 2_400, deviceScaleFactor: 1, mobile: false };

/** What is not drawn has no frames to wait for; pages do all the same. */
const undrawn = `globalThis.requestAnimationFrame = (call) => setTimeout(() => call(performance.now()), 16);
globalThis.cancelAnimationFrame = (id) => clearTimeout(id);
globalThis.requestIdleCallback = (call) => setTimeout(() => call({ didTimeout: false, timeRemaining: () => 10 }), 1);
globalThis.cancelIdleCallback = (id) => clearTimeout(id);`;

/**
 * Opens a page in a browser context of its own, without anything of the user's, runs `work` with it, and leaves nothing of it behind:
 * the context ends with the connection at the latest. Every request is held and answered by `answer`; what Chrome does not ask about ends
 * at a proxy that leads nowhere. Rejects with the reason of `signal` as soon as that is aborted.
 */
export async function withPageTab<T>(
  options: PageTabOptions,
  signal: AbortSignal,
  work: (tab: PageTab) => Promise<T>,
): Promise<T> {
  const stop = stopOf(signal);
  const deadEnd = await openDeadEnd();
  const connecting = openBrowserClient(options.cdp);
  try {
    const client = await Promise.race([connecting, stop.stopped]);
    const place = { proxyServer: `http://127.0.0.1:${deadEnd.port}`, proxyBypassList: "<-loopback>" };
    const opening = client.send("Target.createBrowserContext", { disposeOnDetach: true, ...place });
    const { browserContextId } = await Promise.race([opening, stop.stopped]);
    try {
      const tab = await Promise.race([openTab(client, browserContextId, options), stop.stopped]);
      return await Promise.race([work(tab), tab.ended, stop.stopped]);
    } finally {
      await within(closeWithinMs, client.send("Target.disposeBrowserContext", { browserContextId }));
    }
  } finally {
    stop.forget();
    await within(closeWithinMs, connecting.then(closeBrowserClient));
    await deadEnd.close();
  }
}

function stopOf(signal: AbortSignal): { stopped: Promise<never>; forget(): void } {
  const over = new AbortController();
  const stopped = new Promise<never>((_, reject) => {
    const onAbort = (): void => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true, signal: over.signal });
  });
  stopped.catch(() => undefined); // nobody may wait for it just then
  return {
    stopped,
    forget() {
      over.abort();
    },
  };
}

async function openTab(client: BrowserClient, browserContextId: string, options: PageTabOptions): Promise<PageTab> {
  await client.send("Browser.setDownloadBehavior", { behavior: "deny", browserContextId });
  const place = options.isHidden ? { hidden: true } : { background: true };
  const { targetId } = await client.send("Target.createTarget", { url: "about:blank", browserContextId, ...place });
  const { sessionId } = await client.send("Target.attachToTarget", { targetId, flatten: true });
  const ended = endOf(client, sessionId);
  let isLoaded = false;
  client.on("Page.loadEventFired", (_, from) => {
    if (from === sessionId) isLoaded = true;
  });
  // One that wants to lead elsewhere, and may not, is stopped where it is.
  client.on("Page.frameStoppedLoading", ({ frameId }) => {
    if (frameId === targetId) isLoaded = true;
  });
  answerRequests(client, targetId, async (request) => {
    const answer = await options.answer(request);
    if (isOfPage(request) && showsAnother(answer)) isLoaded = false;
    return answer;
  });
  followParts(client, options);
  await client.send("Page.enable", undefined, sessionId);
  await hold(client, sessionId);
  await nameItself(client, sessionId, options);
  await client.send("Emulation.setDeviceMetricsOverride", size, sessionId);
  if (options.isHidden) await client.send("Page.addScriptToEvaluateOnNewDocument", { source: undrawn }, sessionId);

  return {
    ended,
    hasLoaded: () => isLoaded,
    async open(url) {
      const { errorText } = await client.send("Page.navigate", { url }, sessionId);
      if (errorText !== undefined) throw notOpened(errorText);
    },
    read: (maxChars) => readDocument(client, sessionId, maxChars),
    async interrupt() {
      await client.send("Runtime.terminateExecution", undefined, sessionId);
    },
  };
}

function endOf(client: BrowserClient, sessionId: string): Promise<never> {
  const ended = new Promise<never>((_, reject) => {
    const end = (message: string): void => {
      reject(
        new GatewayError("upstream_failed", message, { hint: "Try again, or read the page without the browser." }),
      );
    };
    client.on("disconnect", () => {
      end("Chrome ended while it had the page open");
    });
    client.on(`Inspector.targetCrashed.${sessionId}`, () => {
      end("The page was too much for Chrome: its process ended");
    });
  });
  ended.catch(() => undefined); // it may end when nobody waits for it any more
  return ended;
}

/** Nothing of this target reaches the network without being asked about, nor does what it starts. */
async function hold(client: BrowserClient, sessionId: string): Promise<void> {
  const all = { patterns: [{ urlPattern: "*", requestStage: "Request" as const }] };
  const parts = { autoAttach: true, waitForDebuggerOnStart: true, flatten: true };
  await Promise.all([
    client.send("Fetch.enable", all, sessionId),
    client.send("Target.setAutoAttach", parts, sessionId),
  ]);
}

async function nameItself(client: BrowserClient, sessionId: string, { userAgent, languages }: PageTabOptions) {
  const acceptLanguage = languages === "" ? {} : { acceptLanguage: languages };
  await client.send("Emulation.setUserAgentOverride", { userAgent, ...acceptLanguage }, sessionId);
}

/** Frames in processes of their own, and workers, are held as the page is; what cannot be held only has the dead end. */
function followParts(client: BrowserClient, options: PageTabOptions): void {
  client.on("Target.attachedToTarget", ({ sessionId, waitingForDebugger }) => {
    hold(client, sessionId)
      .catch(() => undefined) // workers ask over their page
      .then(() => {
        nameItself(client, sessionId, options).catch(() => undefined); // what has not begun yet may not answer
        return waitingForDebugger ? client.send("Runtime.runIfWaitingForDebugger", undefined, sessionId) : undefined;
      })
      .catch(() => undefined); // gone already
  });
}

function answerRequests(
  client: BrowserClient,
  mainFrame: string,
  answer: (request: PageRequest) => Promise<PageAnswer>,
): void {
  client.on("Fetch.requestPaused", (paused, sessionId) => {
    const { requestId, request, resourceType, frameId } = paused;
    const asked = { ...request, kind: resourceType, isMainFrame: frameId === mainFrame };
    answer(asked)
      .catch((): PageAnswer => ({ does: "fail" }))
      .then((said) => tell(client, { requestId, sessionId, isOfPage: isOfPage(asked) }, said))
      .catch(() => client.send("Fetch.failRequest", { requestId, errorReason: "BlockedByClient" }, sessionId))
      .catch(() => undefined); // the page does not want it any more
  });
}

function isOfPage({ kind, isMainFrame }: PageRequest): boolean {
  return kind === "Document" && isMainFrame;
}

function showsAnother(answer: PageAnswer): boolean {
  if (answer.does !== "fulfil") return false;
  const { status } = answer;
  return status >= 400 || (status < 300 && status !== 204 && status !== 205);
}

interface PausedRequest {
  requestId: string;
  sessionId: string | undefined;
  isOfPage: boolean;
}

/** A page that may not lead elsewhere stays as it is; anything else it may not have is blocked. */
async function tell(client: BrowserClient, paused: PausedRequest, answer: PageAnswer): Promise<void> {
  const { requestId, sessionId } = paused;
  if (answer.does === "pass") await client.send("Fetch.continueRequest", { requestId }, sessionId);
  else if (answer.does === "fail") {
    const errorReason = paused.isOfPage ? "Aborted" : "BlockedByClient";
    await client.send("Fetch.failRequest", { requestId, errorReason }, sessionId);
  } else {
    const { status, headers, body } = answer;
    const reply = { requestId, responseCode: status, responseHeaders: headers, body: body.toString("base64") };
    await client.send("Fetch.fulfillRequest", reply, sessionId);
  }
}

/** In a world of its own, so that no script of the page has a hand in it. */
async function readDocument(client: BrowserClient, sessionId: string, maxChars: number) {
  const { frameTree } = await client.send("Page.getFrameTree", undefined, sessionId);
  const { id: frameId, url } = frameTree.frame;
  const world = await client.send("Page.createIsolatedWorld", { frameId }, sessionId);
  const expression = `(() => { const html = document.documentElement?.outerHTML ?? ""; return html.length > ${maxChars} ? null : html; })()`;
  const evaluated = { expression, contextId: world.executionContextId, returnByValue: true };
  const { result, exceptionDetails } = await client.send("Runtime.evaluate", evaluated, sessionId);
  if (exceptionDetails) throw notOpened("the document could not be read");
  return typeof result.value === "string" ? { url, html: result.value } : null;
}

function notOpened(why: string): GatewayError {
  return new GatewayError("upstream_failed", `Chrome could not open the page: ${why.replace(/^net::/, "")}`, {
    hint: "Try again, or read the page without the browser.",
  });
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work.catch(() => undefined), late]); // a context also ends with its connection
  clearTimeout(timer);
}
