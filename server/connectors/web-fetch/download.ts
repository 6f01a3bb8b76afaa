import { createHash } from "node:crypto";

import { z } from "zod";

import { cleanLine } from "../framework/clean-input.ts";
import { defineOperation, type OperationContext } from "../framework/define-connector.ts";
import { GatewayError } from "../framework/gateway-error.ts";
import { typeOfBytes } from "./file-type.ts";
import { getPage } from "./get-page.ts";
import { pageUrl, respectsRobots, type WebFetchConfig } from "./web-fetch-config.ts";

const maxBytes = 20_000_000;

const input = z.strictObject({
  url: pageUrl.describe("Address of the file"),
  maxBytes: z.int().min(1).max(maxBytes).default(5_000_000).describe("A larger file is refused"),
  types: z
    .array(z.string().regex(/^[a-z]+\/(?:\*|[a-z0-9.+-]+)$/, "must be a type such as image/png or image/*"))
    .max(20)
    .default([])
    .describe("Only files whose content is of these types; with none, any"),
  respectsRobots,
});

const output = z.strictObject({
  url: z.string().describe("Where it came from, after redirects"),
  name: z.string().describe("A file name without a folder"),
  contentType: z.string().nullable().describe("What the server says it is"),
  type: z.string().nullable().describe("What its first bytes say it is; null when they say nothing"),
  bytes: z.int(),
  sha256: z.string(),
  base64: z.base64(),
});

/** Gets a file. */
export const downloadOperation = defineOperation({
  title: "Get a file",
  description: "Downloads a file and gives back its bytes as base64, with its type and its SHA-256.",
  effect: "read",
  isIdempotent: true,
  trust: "external",
  input,
  output,
  targets: ({ url }) => [url],
  examples: [
    { title: "A file of any type", input: { url: "https://example.com/report.pdf" } },
    { title: "A small picture", input: { url: "https://example.com/logo.png", types: ["image/*"], maxBytes: 200_000 } },
  ],
  async run(wish, context: OperationContext<WebFetchConfig>) {
    const accept = wish.types.length > 0 ? wish.types.join(", ") : "*/*";
    const { url, headers, bytes } = await getPage({ ...wish, accept, maxBytesFrom: "maxBytes" }, context);
    const contentType = headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase() ?? null;
    const type = typeOfBytes(bytes);
    const known = type ?? contentType;
    if (wish.types.length > 0 && !wish.types.some((wanted) => isOfType(known, wanted)))
      throw new GatewayError(
        "reply_invalid",
        `The file is ${known ?? "of no known type"}, not ${wish.types.join(" or ")}`,
        {
          hint: "Allow its type, or check the address.",
          isFinal: true,
        },
      );
    return {
      url,
      name: fileName(headers["content-disposition"] ?? "", url),
      contentType,
      type,
      bytes: bytes.length,
      sha256: createHash("sha256").update(bytes).digest("hex"),
      base64: Buffer.from(bytes).toString("base64"),
    };
  },
});

function isOfType(type: string | null, wanted: string): boolean {
  if (type === null) return false;
  return wanted.endsWith("/*") ? type.startsWith(wanted.slice(0, -1)) : type === wanted;
}

/** What the server calls it, else the last part of the address; never a path, never hidden. */
function fileName(disposition: string, url: string): string {
  const encoded = /filename\*\s*=\s*utf-8''([^;\s]+)/i.exec(disposition)?.[1];
  const plain = /filename\s*=\s*(?:"([^"]*)"|([^;\s]+))/i.exec(disposition);
  const said = encoded === undefined ? (plain?.[1] ?? plain?.[2]) : unescaped(encoded);
  const name = said ?? unescaped(new URL(url).pathname.split("/").at(-1) ?? "");
  const safe = cleanLine(name.split(/[/\\]/).at(-1) ?? "")
    .replace(/[<>:"|?*]/g, "_")
    .replace(/^\.+/, "")
    .slice(0, 150);
  return safe === "" ? "download" : safe;
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // escapes that are none
  }
}
