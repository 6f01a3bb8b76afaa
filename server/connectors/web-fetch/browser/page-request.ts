/** What a page in the browser asks for, as Chrome tells it. */
export interface PageRequest {
  url: string;
  method: string;
  headers: Readonly<Record<string, string>>;
  /** What it is for, in Chrome's words: "Document", "Script", "Image". */
  kind: string;
  /** Of the page itself, not of a frame within it. */
  isMainFrame: boolean;
}

/** What becomes of it. */
export type PageVerdict =
  /** It is made, through the gateway. */
  | { does: "send" }
  /** It needs no network. */
  | { does: "pass" }
  /** It is answered at once: what is looked at, not read, is not worth its bytes. */
  | { does: "stand-in"; type: string; body: Buffer }
  /** It is not made; `isTold` where the page may be incomplete without it. */
  | { does: "refuse"; isTold: boolean };

/** A picture of one transparent dot, so that what waits for pictures goes on. */
const dot = Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", "base64");
const maxUrlChars = 16_000;
const readable = new Set(["Document", "Script", "XHR", "Fetch", "Other"]);

/**
 * What becomes of a request by itself, before anybody asks whether its address may be called. Only what reads is ever sent; frames
 * are empty, because what is in them is not read either.
 */
export function judgePageRequest({ url, method, headers, kind, isMainFrame }: PageRequest): PageVerdict {
  if (/^(?:data|blob|about):/i.test(url)) return { does: "pass" };
  if (!/^https?:\/\//i.test(url) || url.length > maxUrlChars) return { does: "refuse", isTold: false };
  const header = (name: string): string => headerOf(headers, name).toLowerCase();
  if (kind === "Document" && !isMainFrame) return { does: "stand-in", type: "text/html", body: Buffer.alloc(0) };
  if (kind === "Stylesheet") return { does: "stand-in", type: "text/css", body: Buffer.alloc(0) };
  if (kind === "Image" || (kind === "Other" && header("accept").startsWith("image/")))
    return { does: "stand-in", type: "image/gif", body: dot };
  // Nobody comes back for what is fetched ahead, and a service worker or a stream of events has no end.
  const isIdle = header("purpose") + header("sec-purpose") + header("service-worker") !== "";
  if (!readable.has(kind) || isIdle || header("accept") === "text/event-stream")
    return { does: "refuse", isTold: false };
  return method === "GET" || method === "HEAD" ? { does: "send" } : { does: "refuse", isTold: true };
}

/** Set by whoever sends the request, or of no use to the other side. */
const ownHeaders =
  /^(?::.*|host|connection|content-length|keep-alive|te|trailer|transfer-encoding|expect|upgrade|upgrade-insecure-requests|user-agent|accept-encoding|accept-language|proxy-.*|sec-.*)$/i;
const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const maxHeaderChars = 16_000;

/** Headers to send for a request of a page: its own, named as the configuration says; `null` when they are too many. */
export function headersOfPage(
  headers: Readonly<Record<string, string>>,
  { userAgent, languages }: { userAgent: string; languages: string },
): Record<string, string> | null {
  const sent: Record<string, string> = { "user-agent": userAgent };
  if (languages !== "") sent["accept-language"] = languages;
  for (const [name, value] of Object.entries(headers))
    if (headerName.test(name) && !ownHeaders.test(name)) sent[name.toLowerCase()] = value;
  const chars = Object.entries(sent).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  return chars > maxHeaderChars ? null : sent;
}

function headerOf(headers: Readonly<Record<string, string>>, wanted: string): string {
  return Object.entries(headers).find(([name]) => name.toLowerCase() === wanted)?.[1] ?? "";
}
