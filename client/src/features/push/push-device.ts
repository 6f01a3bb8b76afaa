import type { PushDevice, PushPreferences } from "../../../../contract/features/push.ts";
import { call } from "../../lib/api.ts";

const idName = "portos.pushDevice";

/** Why this device cannot get messages; `null` when it can. */
export type PushObstacle = "not-secure" | "not-installed" | "not-supported" | "blocked" | null;

/** What stands in the way on this device. iPhones and iPads give messages only to pages on the home screen. */
export function pushObstacle(): PushObstacle {
  if (!isSecureContext) return "not-secure";
  const isApple = /iphone|ipad/i.test(navigator.userAgent);
  if (isApple && !matchMedia("(display-mode: standalone)").matches) return "not-installed";
  if (!("serviceWorker" in navigator) || !("PushManager" in globalThis)) return "not-supported";
  return Notification.permission === "denied" ? "blocked" : null;
}

/** Which of the devices this one is; `null` when it gets no messages. */
export function ownDeviceId(): string | null {
  try {
    return localStorage.getItem(idName);
  } catch {
    return null; // storage is switched off: it is not known again
  }
}

function keepOwnId(id: string | null): void {
  try {
    if (id === null) localStorage.removeItem(idName);
    else localStorage.setItem(idName, id);
  } catch {
    return; // see above
  }
}

/** Asks the browser for permission, subscribes, and tells the server. Must be called by a press of a button. */
export async function turnOn(preferences: PushPreferences): Promise<PushDevice> {
  const permission = await Notification.requestPermission();
  if (permission !== "granted") throw new Error("The browser was not allowed to show messages.");
  const registration = await readyWorker();
  const { publicKey } = await call("push.key");
  const existing = await registration.pushManager.getSubscription();
  // One for another key (another machine, a lost key) must go first.
  if (existing !== null && keyOf(existing) !== publicKey) await existing.unsubscribe();
  const subscription = await registration.pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: publicKey,
  });
  const { endpoint, keys } = subscription.toJSON();
  const body = {
    subscription: { endpoint: endpoint ?? "", keys: { p256dh: keys?.["p256dh"] ?? "", auth: keys?.["auth"] ?? "" } },
    preferences,
  };
  const device = await call("push.subscribe", { body });
  keepOwnId(device.id);
  return device;
}

/** Ends messages on a device; on this one the browser forgets its subscription, too. */
export async function turnOff(id: string): Promise<void> {
  if (id === ownDeviceId()) {
    const registration = await navigator.serviceWorker.getRegistration();
    const subscription = await registration?.pushManager.getSubscription();
    await subscription?.unsubscribe();
    keepOwnId(null);
  }
  await call("push.remove", { params: { id } });
}

/** The worker is there a moment after the first visit; without one nothing would ever arrive. */
async function readyWorker(): Promise<ServiceWorkerRegistration> {
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => {
      reject(new Error("The page is not ready for messages yet. Reload it, then try again."));
    }, 8_000);
  });
  return Promise.race([navigator.serviceWorker.ready, late]);
}

function keyOf(subscription: PushSubscription): string | null {
  const key = subscription.options.applicationServerKey;
  if (key === null) return null;
  return btoa(String.fromCharCode(...new Uint8Array(key)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
}

/** A name its owner would recognise: "Chrome on Android". */
export function suggestedName(userAgent = navigator.userAgent): string {
  const system =
    /iphone|ipad|android|windows|cros/i.exec(userAgent)?.[0] ?? (/mac os/i.test(userAgent) ? "Mac" : "Linux");
  const browser = /edg|firefox|samsungbrowser|chrome|crios|safari/i.exec(userAgent)?.[0] ?? "Browser";
  const names: Record<string, string> = {
    edg: "Edge",
    firefox: "Firefox",
    samsungbrowser: "Samsung Internet",
    chrome: "Chrome",
    crios: "Chrome",
    safari: "Safari",
    iphone: "iPhone",
    ipad: "iPad",
    android: "Android",
    windows: "Windows",
    cros: "ChromeOS",
  };
  return `${names[browser.toLowerCase()] ?? browser} on ${names[system.toLowerCase()] ?? system}`;
}
