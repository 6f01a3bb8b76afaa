/**
 * Offline shell: the page opens without the server and shows what it last knew. Live data never passes through here.
 * Built to `/service-worker.js`; it must import nothing, because a classic worker cannot.
 */
const cacheName = "portos-shell-1";
const shellPath = "/";
/** The page of a single question; its address carries the question's id, its text is always the same. */
const answerPath = "/answer.html";
const maxAssets = 250;
const navigationTimeoutMs = 4000;

/** The little of a worker's global scope used here; the types of the page's own library know nothing of it. */
interface WorkerScope {
  addEventListener(type: "install" | "activate" | "message" | "fetch", listener: (event: WorkerEvent) => void): void;
  addEventListener(type: "push", listener: (event: PushWorkerEvent) => void): void;
  addEventListener(type: "notificationclick", listener: (event: ClickEvent) => void): void;
  addEventListener(type: "pushsubscriptionchange", listener: (event: SubscriptionEvent) => void): void;
  skipWaiting(): Promise<void>;
  registration: ServiceWorkerRegistration;
  clients: {
    claim(): Promise<void>;
    matchAll(options: { type: "window"; includeUncontrolled: boolean }): Promise<OpenWindow[]>;
    openWindow(url: string): Promise<unknown>;
  };
}
interface OpenWindow {
  readonly url: string;
  readonly visibilityState: string;
  focus(): Promise<unknown>;
}
interface WaitingEvent {
  waitUntil(work: Promise<unknown>): void;
}
interface PushWorkerEvent extends WaitingEvent {
  readonly data: { json(): unknown } | null;
}
interface ClickEvent extends WaitingEvent {
  readonly notification: { readonly data: PushedMessage; close(): void };
}
interface SubscriptionEvent extends WaitingEvent {
  readonly oldSubscription: PushSubscription | null;
  readonly newSubscription?: PushSubscription | null;
}
/** What the server encrypts for this device. */
interface PushedMessage {
  id: string;
  event: string;
  title: string;
  body: string;
  url: string;
  tag: string;
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
  event.waitUntil(Promise.all([keepPage(shellPath), keepPage(answerPath)]).then(() => worker.skipWaiting()));
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
  if (request.mode === "navigate")
    event.respondWith(openPage(request, url.pathname.startsWith("/a/") ? answerPath : shellPath));
  // Their names change with their content, so a kept one is never out of date.
  else if (url.pathname.startsWith("/assets/")) event.respondWith(keptFirst(request));
  else event.respondWith(freshFirst(request));
});

/** A page itself and what its HTML names. */
async function keepPage(path: string): Promise<void> {
  const cache = await caches.open(cacheName);
  const response = await fetch(path, { cache: "no-cache" });
  if (!response.ok) throw new Error(`The page answered ${String(response.status)}`);
  const html = await response.clone().text();
  await cache.put(path, response);
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

async function openPage(request: Request, path: string): Promise<Response> {
  try {
    const response = await fetch(request, { signal: AbortSignal.timeout(navigationTimeoutMs) });
    const isPage = response.ok && response.headers.get("content-type")?.startsWith("text/html") === true;
    if (isPage) {
      const cache = await caches.open(cacheName);
      await cache.put(path, response.clone());
    }
    // A proxy in front of a stopped server answers with an error page of its own: the shell says more than that.
    return response.status >= 502 ? ((await caches.match(path)) ?? response) : response;
  } catch {
    return (await caches.match(path)) ?? Response.error();
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

/** These are shown whatever is open on the screen. */
const alwaysShown = ["approval", "crash", "test"];

worker.addEventListener("push", (event) => {
  const message = event.data?.json() as PushedMessage | undefined;
  if (message !== undefined) event.waitUntil(showMessage(message));
});

worker.addEventListener("notificationclick", (event) => {
  const { data } = event.notification;
  event.notification.close();
  event.waitUntil(Promise.all([openAddress(data.url), sendReceipt(data.id, "clicked")]));
});

worker.addEventListener("pushsubscriptionchange", (event) => {
  event.waitUntil(renewSubscription(event));
});

async function showMessage({ id, event, title, body, url, tag }: PushedMessage): Promise<void> {
  const windows = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  const isWatched = windows.some(({ visibilityState }) => visibilityState === "visible");
  // Whoever looks at the panel sees it there.
  if (!isWatched || alwaysShown.includes(event)) {
    const options = { body, tag, icon: "/icons/icon-192.png", badge: "/icons/icon-192.png", data: { id, url } };
    const isUrgent = event === "approval";
    await worker.registration.showNotification(title, {
      ...options,
      requireInteraction: isUrgent,
      renotify: true,
    } as NotificationOptions);
  }
  await sendReceipt(id, "shown");
}

async function openAddress(url: string): Promise<void> {
  const windows = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  const address = new URL(url, location.origin).href;
  const open = windows.find((one) => one.url === address);
  await (open === undefined ? worker.clients.openWindow(address) : open.focus());
}

async function sendReceipt(id: string, what: "shown" | "clicked"): Promise<void> {
  await post(`/api/push/deliveries/${id}/receipt`, { what });
}

async function renewSubscription({ oldSubscription, newSubscription }: SubscriptionEvent): Promise<void> {
  if (oldSubscription === null) return;
  const subscription = newSubscription ?? (await worker.registration.pushManager.subscribe(oldSubscription.options));
  await post("/api/push/renew", { endpoint: oldSubscription.endpoint, subscription: subscription.toJSON() });
}

/** A receipt that cannot be sent is no reason to fail: the server goes on to the next device. */
async function post(path: string, body: unknown): Promise<void> {
  const headers = { "content-type": "application/json" };
  await fetch(path, { method: "POST", headers, body: JSON.stringify(body) }).catch(() => undefined);
}
