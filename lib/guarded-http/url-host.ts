import { isIP } from "node:net";

/**
 * The host of a URL in its one spelling: lower case, ASCII, IPv4 in four decimals, IPv6 compressed and without brackets, no
 * trailing dot. `null` for a host that has an empty label, which no machine has.
 */
export function canonicalHost(url: URL): string | null {
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "");
  if (isIP(host) !== 0) return host;
  return host === "" || host.length > 253 || host.split(".").some((label) => label === "" || label.length > 63)
    ? null
    : host;
}

/** The port a URL is called at. */
export function portOf(url: URL): number {
  if (url.port !== "") return Number(url.port);
  return url.protocol === "https:" ? 443 : 80;
}

/** An IP address in the spelling `canonicalHost` gives; anything else as it is. */
export function canonicalAddress(address: string): string {
  const family = isIP(address);
  if (family === 4) return address;
  const bracketed = `http://[${address.replace(/%.*$/, "")}]/`;
  return family === 6 && URL.canParse(bracketed) ? new URL(bracketed).hostname.slice(1, -1) : address;
}

/** Host and port written without a scheme ("nas.local:9000", "[::1]:80"), read by the URL parser; `null` when it is anything else. */
export function parseHostAndPort(text: string): { host: string; port: number | null } | null {
  if (/[/\\?#@\s]/.test(text)) return null;
  // Two schemes, because the parser leaves out the port that is a scheme's own.
  const urls = [`http://${text}/`, `https://${text}/`].filter((url) => URL.canParse(url)).map((url) => new URL(url));
  const [plain, secure] = urls;
  if (!plain || !secure) return null;
  const host = canonicalHost(plain);
  const port = plain.port || secure.port;
  if (host === null || port === "0") return null;
  return { host, port: port === "" ? null : Number(port) };
}
