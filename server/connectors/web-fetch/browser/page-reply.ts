/** One header as Chrome takes it. */
export interface HeaderEntry {
  name: string;
  value: string;
}

/** Of the connection, of what outlives the page, or of what makes Chrome ask again. */
const dropped =
  /^(?:content-(?:encoding|length|disposition)|transfer-encoding|connection|keep-alive|te|trailer|upgrade|alt-svc|strict-transport-security|clear-site-data|service-worker-allowed|report-to|reporting-endpoints|nel|accept-ch|critical-ch|www-authenticate|x-frame-options|content-security-policy-report-only|cross-origin-(?:opener|embedder)-policy(?:-report-only)?|proxy-.*)$/i;

/**
 * What a page in the browser may not do, whatever its own headers say: open windows, ask the user, download, lead its frame away.
 * Frames without an address of their own take it over.
 */
export const documentPolicy = "sandbox allow-scripts allow-same-origin allow-forms";

/** The headers of a reply as they are handed to the page. */
export function headersForPage(
  headers: Readonly<Record<string, string>>,
  { isDocument, contentType }: { isDocument: boolean; contentType?: string },
): HeaderEntry[] {
  const kept = Object.entries(headers).flatMap(([name, value]) => {
    if (dropped.test(name) || (contentType !== undefined && name === "content-type")) return [];
    const values = name === "set-cookie" ? splitCookies(value) : [value];
    return values.map((one) => ({ name, value: one }));
  });
  if (contentType !== undefined) kept.push({ name: "content-type", value: contentType });
  if (isDocument) kept.push({ name: "content-security-policy", value: documentPolicy });
  return kept;
}

/** Several cookies come as one line; a comma within a date separates none. */
function splitCookies(line: string): string[] {
  return line.split(/,\s*(?=[!#$%&'*+.^_`|~0-9A-Za-z-]+=)/);
}

const redirects = new Set([301, 302, 303, 307, 308]);

/** Whether a reply leads elsewhere. */
export function isRedirect(status: number, headers: Readonly<Record<string, string>>): boolean {
  return redirects.has(status) && headers["location"] !== undefined;
}
