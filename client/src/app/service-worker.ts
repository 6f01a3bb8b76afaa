/** Whether this page may be installed and opened offline: browsers allow it on https and localhost only. */
export const canInstall = "serviceWorker" in navigator;

/** Registers the offline shell; in development the files change too often for one. */
export async function registerServiceWorker(): Promise<void> {
  if (!canInstall || import.meta.env.DEV) return;
  try {
    await navigator.serviceWorker.register("/service-worker.js", { scope: "/" });
  } catch {
    return; // private windows refuse it; the panel works without
  }
}
