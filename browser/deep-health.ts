import type { DeepHealth } from "../contract/internal/browser.ts";
import type { Clock } from "../lib/clock.ts";
import type { CdpHttp } from "../lib/chrome/cdp-http.ts";
import { withBrowserClient } from "../lib/chrome/cdp-session.ts";

export interface DeepHealthOptions {
  http: CdpHttp;
  clock: Clock;
  isHeadless(): boolean;
  /** A result younger than this is given again. */
  keepMs?: number;
  /** What a healthy Chrome needs at most. */
  budgetMs?: number;
}

/** Proves that Chrome works: opens a page, evaluates in it, takes its picture. Answering on its port proves little. */
export function createDeepHealth(options: DeepHealthOptions) {
  const { http, clock, keepMs = 5_000, budgetMs = 1_500 } = options;
  /** Pages of our own making, kept out of the list of tabs. */
  const probePages = new Set<string>();
  let last: { at: number; result: DeepHealth } | null = null;
  let running: Promise<DeepHealth> | null = null;

  async function probe(timeoutMs: number): Promise<DeepHealth> {
    const startedAt = clock.monotonic();
    const error = await openAndLook(http, timeoutMs, options.isHeadless(), probePages).then(
      () => null,
      (reason: unknown) => (reason instanceof Error ? reason.message : String(reason)),
    );
    const result = {
      isOk: error === null,
      checkedAt: new Date(clock.now()).toISOString(),
      tookMs: Math.round(clock.monotonic() - startedAt),
      error,
    };
    last = { at: clock.monotonic(), result };
    return result;
  }

  return {
    probePages,
    /** The last result when it is fresh enough, else a new one; callers that come together share it. */
    check(timeoutMs = budgetMs): Promise<DeepHealth> {
      if (last && clock.monotonic() - last.at < keepMs) return Promise.resolve(last.result);
      running ??= probe(timeoutMs).finally(() => {
        running = null;
      });
      return running;
    },
    last: (): DeepHealth | null => last?.result ?? null,
    forget(): void {
      last = null;
      probePages.clear();
    },
  };
}

export type DeepHealthCheck = ReturnType<typeof createDeepHealth>;

async function openAndLook(
  http: CdpHttp,
  timeoutMs: number,
  isHeadless: boolean,
  probePages: Set<string>,
): Promise<void> {
  await withBrowserClient(http, timeoutMs, async (client) => {
    // With a window, the page stays invisible so that it takes nobody's focus; what is not shown has no picture.
    const place = isHeadless ? { background: true } : { hidden: true };
    const { targetId } = await client.send("Target.createTarget", { url: "about:blank", ...place });
    probePages.add(targetId);
    try {
      const { sessionId } = await client.send("Target.attachToTarget", { targetId, flatten: true });
      const { result } = await client.send("Runtime.evaluate", { expression: "6 * 7", returnByValue: true }, sessionId);
      if (result.value !== 42) throw new Error("Chrome evaluates wrongly");
      if (!isHeadless) return;
      const shot = { format: "jpeg" as const, quality: 10, clip: { x: 0, y: 0, width: 8, height: 8, scale: 1 } };
      const { data } = await client.send("Page.captureScreenshot", shot, sessionId);
      if (data.length === 0) throw new Error("Chrome draws nothing");
    } finally {
      await client.send("Target.closeTarget", { targetId });
      probePages.delete(targetId);
    }
  });
}
