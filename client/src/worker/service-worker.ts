/**
 * Offline shell: the page opens without the server and shows what it last knew. Live data never passes through here.
 * Built to `/service-worker.js`; it must import nothing, because a classic worker cannot.
 */
const cacheName = "portos-shell-1";
const shellPath = "/";
const maxAssets = 250;
const navigationTimeoutMs = 4000;

/** The little of a worker's global scope used here; the types of the page's own library know nothing of it. */
interface WorkerScope {
  addEventListener(type: "install" | "activate" | "message" | "fetch", listener: (event: WorkerEvent) => void): void;
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void> };
}
interface WorkerEvent {
  readonly request: Request;
  readonly data: unknown;
  waitUntil(work: Promise<unknown>): void;
  respondWith(response: Promise<Response>): void;
}
interface BuiltChunk {
  file: string;
  css?: string[];
}

const worker = globalThis as unknown as WorkerScope;

worker.addEventListener("install", (event) => {
  event.waitUntil(keepShell().then(() => worker.skipWaiting()));
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(dropOldCaches().then(() => worker.clients.claim()));
});

worker.addEventListener("message", (event) => {
  if (event.data === "keep-everything") event.waitUntil(keepEverything());
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (url.pathname.startsWith("/api/") || url.pathname.startsWith("/socket.io")) return;
  if (request.mode === "navigate") event.respondWith(openPage(request));
  // Their names change with their content, so a kept one is never out of date.
  else if (url.pathname.startsWith("/assets/")) event.respondWith(keptFirst(request));
  else event.respondWith(freshFirst(request));
});

/** The page itself and what its HTML names. */
async function keepShell(): Promise<void> {
  const cache = await caches.open(cacheName);
  const response = await fetch(shellPath, { cache: "no-cache" });
  if (!response.ok) throw new Error(`The shell answered ${String(response.status)}`);
  const html = await response.clone().text();
  await cache.put(shellPath, response);
  const named = html.matchAll(/(?:src|href)="(\/[^"]+)"/g);
  await Promise.all([...named].map((match) => keep(cache, match[1] ?? shellPath)));
}

/** Every part of the page, so that pages never opened before open offline too. */
async function keepEverything(): Promise<void> {
  const cache = await caches.open(cacheName);
  const response = await fetch("/asset-manifest.json", { cache: "no-cache" });
  if (!response.ok) return;
  const chunks = Object.values((await response.json()) as Record<string, BuiltChunk>);
  const paths = new Set(chunks.flatMap((chunk) => [chunk.file, ...(chunk.css ?? [])]));
  for (const path of paths) await keep(cache, `/${path}`);
}

async function keep(cache: Cache, path: string): Promise<void> {
  if ((await cache.match(path)) !== undefined) return;
  const response = await fetch(path);
  if (response.ok) await cache.put(path, response);
}

async function openPage(request: Request): Promise<Response> {
  try {
    const response = await fetch(request, { signal: AbortSignal.timeout(navigationTimeoutMs) });
    const isPage = response.ok && response.headers.get("content-type")?.startsWith("text/html") === true;
    if (isPage) {
      const cache = await caches.open(cacheName);
      await cache.put(shellPath, response.clone());
    }
    // A proxy in front of a stopped server answers with an error page of its own: the shell says more than that.
    return response.status >= 502 ? ((await caches.match(shellPath)) ?? response) : response;
  } catch {
    return (await caches.match(shellPath)) ?? Response.error();
  }
}

async function keptFirst(request: Request): Promise<Response> {
  const kept = await caches.match(request);
  if (kept !== undefined) return kept;
  const response = await fetch(request);
  if (response.ok) {
    const cache = await caches.open(cacheName);
    await cache.put(request, response.clone());
    await forgetOldest(cache);
  }
  return response;
}

async function freshFirst(request: Request): Promise<Response> {
  try {
    const response = await fetch(request);
    if (response.ok && response.type === "basic") {
      const cache = await caches.open(cacheName);
      await cache.put(request, response.clone());
    }
    return response;
  } catch {
    return (await caches.match(request)) ?? Response.error();
  }
}

async function forgetOldest(cache: Cache): Promise<void> {
  const keys = await cache.keys();
  const assets = keys.filter((request) => new URL(request.url).pathname.startsWith("/assets/"));
  await Promise.all(assets.slice(0, Math.max(0, assets.length - maxAssets)).map((request) => cache.delete(request)));
}

async function dropOldCaches(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== cacheName).map((name) => caches.delete(name)));
}
