import { createReadStream, readdirSync, statSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, join, relative, sep } from "node:path";
import { pipeline } from "node:stream";

import { setSecurityHeaders } from "./security-headers.ts";

export interface StaticFilesOptions {
  /** Folder of the built files; may appear, change and vanish while we run. */
  root: string;
}

/** Answers a request for a built file or a page of the UI; `false` when the request is for something else. */
export type StaticFiles = (request: IncomingMessage, response: ServerResponse) => boolean;

const types: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".map": "application/json; charset=utf-8",
  ".webmanifest": "application/manifest+json; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".webp": "image/webp",
  ".woff2": "font/woff2",
  ".woff": "font/woff",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
};

/** How often at most the folder is looked at for a new build. */
const lookAgainMs = 1_000;
const hashedName = /^\/assets\/.*-[\w-]{8,}\.\w+$/;
const notPages = /^\/(?:api|socket\.io|health)(?:\/|$)/;

/** A page beside the application: nothing of another origin, nothing inline, no styles in attributes. */
const answerPage = {
  path: /^\/a\/[0-9a-z]{16,32}$/,
  file: "/answer.html",
  policy:
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
};

interface Variant {
  path: string;
  bytes: number;
  encoding: "br" | "gzip" | null;
}

interface StaticFile {
  type: string;
  changedAt: number;
  variants: Variant[];
}

/**
 * Serves a folder of built files: the precompressed `.br` or `.gz` neighbour where the client takes it, hashed assets
 * as immutable, everything else revalidated, `index.html` for the pages of the UI. Only listed files are ever opened,
 * so no address can lead out of the folder.
 */
export function createStaticFiles({ root }: StaticFilesOptions): StaticFiles {
  let files = new Map<string, StaticFile>();
  let lookedAt = -Infinity;
  let builtAt = -1;

  function find(path: string): StaticFile | undefined {
    if (answerPage.path.test(path)) return files.get(answerPage.file);
    return files.get(path) ?? (isPage(path) ? files.get("/index.html") : undefined);
  }

  function refresh(isDue: boolean): void {
    if (!isDue && performance.now() - lookedAt < lookAgainMs) return;
    lookedAt = performance.now();
    const changed = statSync(join(root, "index.html"), { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (changed === builtAt) return;
    files = changed === 0 ? new Map<string, StaticFile>() : listFiles(root);
    builtAt = changed;
  }

  return (request, response) => {
    if (request.method !== "GET" && request.method !== "HEAD") return false;
    refresh(false);
    const path = (request.url ?? "/").split(/[?#]/, 1)[0] ?? "/";
    let file = find(path);
    if (file?.variants.some(isChanged)) {
      refresh(true); // a build has replaced it within the last second
      file = find(path);
    }
    if (!file) return false;
    send(request, response, file, path);
    return true;
  };
}

function isPage(path: string): boolean {
  return !notPages.test(path) && extname(path) === "";
}

function isChanged({ path, bytes }: Variant): boolean {
  return statSync(path, { throwIfNoEntry: false })?.size !== bytes;
}

function send(request: IncomingMessage, response: ServerResponse, file: StaticFile, path: string): void {
  const variant = choose(file.variants, request.headers["accept-encoding"]);
  if (!variant) throw new Error("A static file has no variant");
  const tag = `"${file.changedAt.toString(36)}-${variant.bytes.toString(36)}"`;
  setSecurityHeaders(request, response);
  if (answerPage.path.test(path)) response.setHeader("Content-Security-Policy", answerPage.policy);
  const headers: Record<string, string | number> = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": hashedName.test(path) ? "public, max-age=31536000, immutable" : "no-cache",
    "Content-Type": file.type,
    ETag: tag,
    ...(file.variants.length > 1 ? { Vary: "Accept-Encoding" } : {}),
  };
  if (request.headers["if-none-match"]?.split(/,\s*/).includes(tag)) {
    response.writeHead(304, headers).end();
    return;
  }
  response.writeHead(200, {
    ...headers,
    "Content-Length": variant.bytes,
    ...(variant.encoding ? { "Content-Encoding": variant.encoding } : {}),
  });
  if (request.method === "HEAD") {
    response.end();
    return;
  }
  response.strictContentLength = true; // a file that shrinks while it is read must not leave the client waiting
  pipeline(createReadStream(variant.path), response, (error) => {
    if (error) response.destroy();
  });
}

/** The smallest form the client says it takes; `identity` is always taken. */
function choose(variants: readonly Variant[], accepted = ""): Variant | undefined {
  const refused = /;\s*q=0(?:\.0*)?$/;
  const names = new Set(
    accepted.split(",").flatMap((item) => (refused.test(item.trim()) ? [] : [item.split(";")[0]?.trim() ?? ""])),
  );
  return variants.find(({ encoding }) => encoding === null || names.has(encoding));
}

function listFiles(root: string): Map<string, StaticFile> {
  const found = new Map<string, number>();
  for (const item of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const path = join(item.parentPath, item.name);
    if (item.isFile()) found.set(path, statSync(path).size);
  }
  const files = new Map<string, StaticFile>();
  for (const [path, bytes] of found) {
    if (/\.(?:br|gz)$/.test(path)) continue;
    const variants: Variant[] = [];
    for (const [suffix, encoding] of [
      [".br", "br"],
      [".gz", "gzip"],
    ] as const) {
      const compressedBytes = found.get(path + suffix);
      if (compressedBytes !== undefined) variants.push({ path: path + suffix, bytes: compressedBytes, encoding });
    }
    variants.push({ path, bytes, encoding: null });
    const changedAt = Math.round(statSync(path).mtimeMs);
    const type = types[extname(path)] ?? "application/octet-stream";
    files.set(`/${relative(root, path).split(sep).map(encodeURIComponent).join("/")}`, { type, changedAt, variants });
  }
  return files;
}
