import type { ConnectorReply, OperationContext } from "../../framework/define-connector.ts";
import { GatewayError } from "../../framework/gateway-error.ts";
import { toGatewayError } from "../../framework/to-gateway-error.ts";
import { isPage, readText, type TextReply } from "../../reading/page.ts";
import type { WebFetchConfig } from "../web-fetch-config.ts";
import { headersForPage, isRedirect, type HeaderEntry } from "./page-reply.ts";
import { headersOfPage, judgePageRequest, type PageRequest } from "./page-request.ts";
import { createPageTally, type PageTally } from "./page-tally.ts";
import { createSlots } from "./slots.ts";

/** What Chrome is told about a request. */
export type PageAnswer =
  { does: "fulfil"; status: number; headers: HeaderEntry[]; body: Buffer } | { does: "pass" } | { does: "fail" };

export interface PageTrafficOptions {
  context: Pick<OperationContext<WebFetchConfig>, "config" | "http" | "note">;
  accept: string;
  /** Asks whether a document may be read, before it is asked for; throws where not. */
  /** `byPage`: it is the page that leads there, and as far as the request for it may go. */
  allow(url: string, byPage?: { isOutsideOnly: boolean }): Promise<void>;
}

/** Everything a page in the browser loads: each request is made by the gateway for it, or not at all. */
export interface PageTraffic {
  answer(request: PageRequest): Promise<PageAnswer>;
  /**
   * The document that was asked for, once it is here and handed to the page: its text, and whether it is a page at all. Rejects when it
   * is refused or does not come.
   */
  document: Promise<TextReply & { isPage: boolean }>;
  /** For how long no request was being made, in milliseconds. */
  quietMs(): number;
  tally: PageTally;
}

/** Of one page, its documents not counted. */
const maxRequests = 150;
const maxTotalBytes = 20_000_000;
/** Of one request that is not for the document. */
const maxPartBytes = 3_000_000;
const partTimeoutMs = 10_000;
const atOnce = 6;
const maxRedirects = 10;

const fail: PageAnswer = { does: "fail" };

/** Creates it for one page. */
export function createPageTraffic({ context, accept, allow }: PageTrafficOptions): PageTraffic {
  const { config, http } = context;
  const tally = createPageTally();
  const slots = createSlots(atOnce);
  let resolve!: (text: TextReply & { isPage: boolean }) => void;
  let reject!: (error: GatewayError) => void;
  const document = new Promise<TextReply & { isPage: boolean }>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  document.catch(() => undefined); // whoever asked may have given up by then
  let isArrived = false;
  /** Of the document the page shows. */
  let origin = "";
  let redirects = 0;
  let pending = 0;
  let quietFrom = performance.now();
  let requests = 0;
  let freeBytes = maxTotalBytes;

  /** The first document and where it redirects to: judged as a call without the browser is. */
  async function answerFirst(request: PageRequest, headers: Record<string, string>): Promise<PageAnswer> {
    try {
      await allow(request.url);
      const reply = await http.expectOk({
        url: request.url,
        headers: { ...headers, accept },
        maxRedirects: 0,
        maxBytes: config.maxPageBytes,
      });
      if (isRedirect(reply.status, reply.headers)) {
        redirects += 1;
        if (redirects > maxRedirects) throw tooManyRedirects();
        return fulfil(reply, { isDocument: true });
      }
      return handOn(reply);
    } catch (error) {
      reject(toGatewayError(error));
      return fail;
    }
  }

  /** In one encoding for the page, so that it is read as it would be without the browser. */
  function handOn(reply: ConnectorReply): PageAnswer {
    const text = readText(reply);
    isArrived = true;
    ({ origin } = new URL(reply.url));
    const isShown = isPage(text.type);
    resolve({ ...text, isPage: isShown });
    if (!isShown) return fail;
    const headers = headersForPage(reply.headers, { isDocument: true, contentType: `${text.type}; charset=utf-8` });
    return { does: "fulfil", status: reply.status, headers, body: Buffer.from(text.text) };
  }

  /** What the page itself wants: whoever wrote it must not reach what is inside, unless it is there itself. */
  async function answerPart(request: PageRequest, headers: Record<string, string>): Promise<PageAnswer> {
    const url = new URL(request.url);
    if (requests >= maxRequests || freeBytes <= 0) return refuse("limit", url);
    requests += 1;
    const maxBytes = Math.min(maxPartBytes, freeBytes);
    freeBytes -= maxBytes;
    let used = maxBytes;
    let received = 0;
    const isDocument = request.kind === "Document";
    const isOutsideOnly = !request.isMainFrame || url.origin !== origin;
    try {
      if (isDocument) await allow(request.url, { isOutsideOnly });
      const reply = await http.request({
        url,
        method: request.method === "HEAD" ? "HEAD" : "GET",
        headers,
        maxRedirects: 0,
        maxTries: 1,
        maxBytes,
        timeoutMs: partTimeoutMs,
        isOutsideOnly,
        onReceived(bytes) {
          received += bytes;
        },
      });
      used = reply.bytes.length;
      tally.made();
      if (isDocument && !isRedirect(reply.status, reply.headers)) ({ origin } = url);
      return fulfil(reply, { isDocument });
    } catch (error) {
      const { gatewayCode } = toGatewayError(error);
      if (gatewayCode !== "too_large") used = Math.min(received, maxBytes); // what came before it failed was loaded
      return refuse(gatewayCode.startsWith("refused") ? "refused" : "failed", url);
    } finally {
      freeBytes += maxBytes - used;
    }
  }

  function refuse(why: Parameters<PageTally["count"]>[0], url: URL): PageAnswer {
    tally.count(why, url.host);
    return fail;
  }

  async function make(request: PageRequest): Promise<PageAnswer> {
    const headers = headersOfPage(request.headers, config);
    if (headers === null) return refuse("failed", new URL(request.url));
    const isFirst = !isArrived && request.kind === "Document" && request.isMainFrame;
    return isFirst ? answerFirst(request, headers) : slots.run(() => answerPart(request, headers));
  }

  return {
    document,
    tally,
    quietMs: () => (pending > 0 ? 0 : performance.now() - quietFrom),
    async answer(request) {
      const verdict = judgePageRequest(request);
      if (verdict.does === "pass") return verdict;
      if (verdict.does === "stand-in")
        return { does: "fulfil", status: 200, headers: headersOfStandIn(verdict.type), body: verdict.body };
      if (verdict.does === "refuse") {
        if (verdict.isTold) tally.count("method", request.method);
        return fail;
      }
      pending += 1;
      try {
        return await make(request);
      } finally {
        pending -= 1;
        quietFrom = performance.now();
      }
    },
  };
}

function fulfil({ status, headers, bytes }: ConnectorReply, kind: { isDocument: boolean }): PageAnswer {
  return { does: "fulfil", status, headers: headersForPage(headers, kind), body: Buffer.from(bytes) };
}

function headersOfStandIn(type: string): HeaderEntry[] {
  return headersForPage(
    { "access-control-allow-origin": "*" },
    { isDocument: type === "text/html", contentType: type },
  );
}

function tooManyRedirects(): GatewayError {
  return new GatewayError("upstream_failed", `More than ${maxRedirects} redirects`, {
    hint: "Check the address.",
    isFinal: true,
  });
}
