import type { BrowserTab } from "../contract/internal/browser.ts";
import type { CdpHttp } from "../lib/chrome/cdp-http.ts";
import { withBrowserClient } from "../lib/chrome/cdp-session.ts";
import type { DeepHealthCheck } from "./deep-health.ts";

/** Tabs of the user: neither pages of our own nor those that are opened apart, with cookies of their own, for a call. */
export interface UserTabs {
  /** A Chrome that answers on one of its two ways only gives its list all the same, without the pages last seen apart. */
  list(): Promise<BrowserTab[]>;
  /** Only those that certainly are the user's. */
  sure(): Promise<BrowserTab[]>;
}

const lookTimeoutMs = 2_000;

export function createUserTabs(http: CdpHttp, { probePages }: Pick<DeepHealthCheck, "probePages">): UserTabs {
  let apart: ReadonlySet<string> = new Set();

  /** In one look: a page that comes or goes between the two questions is listed as nobody's. */
  async function owned(): Promise<ReadonlySet<string>> {
    const pages = await withBrowserClient(http, lookTimeoutMs, async (client) => {
      // Asked in one go: a context may end, or begin, beside the list of pages.
      const [before, { targetInfos }, after] = await Promise.all([
        client.send("Target.getBrowserContexts"),
        client.send("Target.getTargets"),
        client.send("Target.getBrowserContexts"),
      ]);
      const contexts = new Set([...before.browserContextIds, ...after.browserContextIds]);
      return targetInfos.map(({ targetId, browserContextId = "" }) => ({
        targetId,
        isApart: contexts.has(browserContextId),
      }));
    });
    apart = new Set(pages.flatMap(({ targetId, isApart }) => (isApart ? [targetId] : [])));
    return new Set(pages.flatMap(({ targetId, isApart }) => (isApart ? [] : [targetId])));
  }

  async function listed(isMeant: (id: string) => boolean): Promise<BrowserTab[]> {
    return (await http.tabs()).filter(({ id }) => isMeant(id) && !probePages.has(id));
  }

  async function sure(): Promise<BrowserTab[]> {
    const own = await owned();
    return listed((id) => own.has(id));
  }

  return {
    sure,
    async list() {
      const own = await owned().catch(() => null);
      return own === null ? listed((id) => !apart.has(id)) : listed((id) => own.has(id));
    },
  };
}
