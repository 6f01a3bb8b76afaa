import { createHash } from "node:crypto";

import type { FolderReader } from "../../../lib/folder-reader.ts";

/** An icon of a project, its type judged by content. */
export interface Icon {
  bytes: Buffer;
  type: string;
  /** Changes with the content. */
  version: string;
}

const maxIconBytes = 512 * 1024;
const folders = ["", "public/", "static/", "app/", "src/app/", "src/", "assets/", "src/assets/", "resources/", "docs/"];
const names = [
  "favicon.svg",
  "icon.svg",
  "logo.svg",
  "favicon.png",
  "icon.png",
  "logo.png",
  "apple-touch-icon.png",
  "favicon.ico",
  "icon.webp",
];

/** The picture a project shows of itself: the icon its page links, a favicon or logo in the usual places. */
export async function findIcon(folder: FolderReader): Promise<Icon | null> {
  const linked = await linkedIcons(folder);
  const present = await presentIcons(folder);
  for (const path of [...linked, ...present]) {
    const file = await folder.readBytes(path, maxIconBytes);
    const type = file === null ? null : imageType(file.bytes);
    if (file === null || type === null) continue;
    const version = createHash("sha256").update(file.bytes).digest("base64url").slice(0, 16);
    return { bytes: file.bytes, type, version };
  }
  return null;
}

async function presentIcons(folder: FolderReader): Promise<string[]> {
  const found: string[] = [];
  for (const inner of folders) {
    const entries = new Set((await folder.list(inner === "" ? "." : inner)).map(({ name }) => name));
    found.push(...names.filter((name) => entries.has(name)).map((name) => `${inner}${name}`));
  }
  return found;
}

async function linkedIcons(folder: FolderReader): Promise<string[]> {
  const page = await folder.readText("index.html", 64 * 1024);
  const tag = /<link\b[^>]*\brel=["']?(?:shortcut )?icon["']?[^>]*>/i.exec(page ?? "")?.[0];
  const href = /\bhref=["']?([^"'\s>]+)/i.exec(tag ?? "")?.[1];
  if (href === undefined || /^(?:[a-z]+:|\/\/)/i.test(href)) return [];
  const path = href.replace(/[?#].*$/, "").replace(/^\.?\//, "");
  return [path, `public/${path}`];
}

const signatures: readonly [type: string, bytes: string][] = [
  ["image/png", "89504e470d0a1a0a"],
  ["image/jpeg", "ffd8ff"],
  ["image/gif", "47494638"],
  ["image/x-icon", "00000100"],
];

/** The type of an image by its first bytes; `null` for anything else, whatever its name says. */
export function imageType(bytes: Buffer): string | null {
  const start = bytes.toString("hex", 0, 16);
  const known = signatures.find(([, signature]) => start.startsWith(signature));
  if (known) return known[0];
  if (bytes.toString("latin1", 0, 4) === "RIFF" && bytes.toString("latin1", 8, 12) === "WEBP") return "image/webp";
  if (/^ftypavi[fs]$/.test(bytes.toString("latin1", 4, 12))) return "image/avif";
  const text = bytes.toString("utf8", 0, 2_048).trimStart();
  return /^(?:<\?xml[^>]*\?>\s*)?(?:<!--[\s\S]*?-->\s*)*(?:<!DOCTYPE svg[^>]*>\s*)?<svg[\s>]/i.test(text)
    ? "image/svg+xml"
    : null;
}

/** Headers under which a project's picture may be shown: no script, no frame, no guessing of its type. */
export function iconHeaders({ type, version }: Icon): Record<string, string> {
  return {
    "Content-Type": type,
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "Content-Disposition": "inline",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, max-age=86400",
    ETag: `"${version}"`,
  };
}
