import { parseUrl } from "../parse-url.ts";

/** An address a call means to reach, of the web or of mail. */
export interface TargetAddress {
  /** What guards and rules judge: host and port in the one spelling the parser gives those of the web alone. */
  url: URL;
  /** As people see it: "https://example.com", "smtp://mail.example.com:587". */
  origin: string;
}

/** Mail, by the scheme of the web that stands for it: both are encrypted from the first byte on, or neither is. */
const mail: Readonly<Record<string, { scheme: string; port: string }>> = {
  "smtp:": { scheme: "http", port: "25" },
  "smtps:": { scheme: "https", port: "465" },
};

/** Reads an address; `null` for a text that is none. */
export function parseTarget(text: string): TargetAddress | null {
  const url = parseUrl(text);
  if (url === null) return null;
  const stand = mail[url.protocol];
  if (stand === undefined) return { url, origin: originOf(url) };
  const port = url.port === "" ? stand.port : url.port;
  const judged = url.username + url.password === "" ? parseUrl(`${stand.scheme}://${url.hostname}:${port}/`) : null;
  return judged && { url: judged, origin: `${url.protocol}//${judged.hostname}:${port}` };
}

/** The parser gives schemes it does not know the origin "null". */
function originOf({ origin, protocol, host }: URL): string {
  if (origin !== "null") return origin;
  return host === "" ? protocol : `${protocol}//${host}`;
}
