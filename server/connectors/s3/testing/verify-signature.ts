import { createHash, createHmac } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** Written after the documentation of Signature Version 4 alone, so that it agrees with the connector only where both are right. */
export function verifySignature(
  { method = "GET", url = "/", headers }: Pick<IncomingMessage, "method" | "url" | "headers">,
  { secret, nowMs = Date.now() }: { secret: string; nowMs?: number },
): string | null {
  const [path = "/", search = ""] = url.split("?", 2);
  const query = search === "" ? [] : search.split("&").map((part): [string, string] => pairOf(part));
  const asked = new Map(query.map(([name, value]) => [decodeURIComponent(name), decodeURIComponent(value)]));
  const isLink = asked.has("X-Amz-Signature");
  const parts = isLink ? partsOfLink(asked) : partsOfHeader(headers.authorization ?? "");
  const time = isLink ? asked.get("X-Amz-Date") : String(headers["x-amz-date"]);
  if (parts === null || time === undefined) return "AccessDenied";
  const ageMs = nowMs - timeOf(time);
  if (isLink ? ageMs > Number(asked.get("X-Amz-Expires")) * 1_000 : Math.abs(ageMs) > 900_000)
    return isLink ? "AccessDenied" : "RequestTimeTooSkewed";
  const canonical = [
    method,
    path,
    query
      .filter(([name]) => name !== "X-Amz-Signature")
      .map(([name, value]) => `${name}=${value}`)
      .toSorted()
      .join("&"),
    ...parts.signed.map((name) => `${name}:${String(headers[name]).trim().replace(/ +/g, " ")}`),
    "",
    parts.signed.join(";"),
    isLink ? "UNSIGNED-PAYLOAD" : String(headers["x-amz-content-sha256"]),
  ].join("\n");
  const scope = parts.scope.join("/");
  const toSign = ["AWS4-HMAC-SHA256", time, scope, createHash("sha256").update(canonical).digest("hex")].join("\n");
  const key = parts.scope.reduce<Buffer>((made, word) => hmac(made, word), Buffer.from(`AWS4${secret}`));
  return hmac(key, toSign).toString("hex") === parts.signature ? null : "SignatureDoesNotMatch";
}

interface Parts {
  scope: string[];
  signed: string[];
  signature: string;
}

function partsOfHeader(text: string): Parts | null {
  const found = /^AWS4-HMAC-SHA256 Credential=([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(text);
  return found === null ? null : toParts(found[1], found[2], found[3]);
}

function partsOfLink(asked: ReadonlyMap<string, string>): Parts | null {
  const [credential, signed, signature] = ["Credential", "SignedHeaders", "Signature"].map((name) =>
    asked.get(`X-Amz-${name}`),
  );
  return toParts(credential, signed, signature);
}

function toParts(credential = "", signed = "", signature = ""): Parts {
  return { scope: credential.split("/").slice(1), signed: signed.split(";"), signature };
}

function pairOf(part: string): [string, string] {
  const at = part.indexOf("=");
  return at < 0 ? [part, ""] : [part.slice(0, at), part.slice(at + 1)];
}

/** "20260102T030405Z" */
function timeOf(text: string): number {
  return Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
