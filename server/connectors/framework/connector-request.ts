import { parseUrl } from "../../../lib/parse-url.ts";
import { cleanLine } from "./clean-input.ts";
import type { ConnectorRequest } from "./define-connector.ts";
import { GatewayError } from "./gateway-error.ts";

/** The address of a request with its query. */
export function urlToCall({ url, query = {} }: Pick<ConnectorRequest, "url" | "query">): URL {
  const target = parseUrl(url);
  if (target === null) throw invalid(`${String(url).slice(0, 200)} is not an address`);
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    if (Array.isArray(value)) for (const one of value as readonly string[]) target.searchParams.append(name, one);
    else target.searchParams.append(name, String(value));
  }
  return target;
}

const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Headers as they can be sent: values on one line, a type for a JSON body. */
export function headersToSend({
  headers = {},
  body,
}: Pick<ConnectorRequest, "headers" | "body">): Record<string, string> {
  const sent: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (!headerName.test(name)) throw invalid(`${JSON.stringify(name).slice(0, 80)} is not the name of a header`);
    const line = cleanLine(value);
    if (!headerValue.test(line)) throw invalid(`The header ${name} has characters no header can have`);
    sent[name] = line;
  }
  const isJson = typeof body === "object" && !(body instanceof Uint8Array);
  const hasType = Object.keys(sent).some((name) => name.toLowerCase() === "content-type");
  return isJson && !hasType ? { ...sent, "content-type": "application/json" } : sent;
}

/** The body as text or bytes. */
export function bodyToSend({ body }: Pick<ConnectorRequest, "body">): string | Uint8Array | undefined {
  return body === undefined || typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body);
}

function invalid(message: string): GatewayError {
  return new GatewayError("invalid_params", message, { hint: "Correct it and call again.", isFinal: true });
}
