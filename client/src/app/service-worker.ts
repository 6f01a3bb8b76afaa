/** Whether this page may be installed and opened offline: browsers allow it on https and localhost only. */
export const canInstall = "serviceWorker" in navigator;

const keepEverythingAfterMs = 15_000;
const reloadedAtName = "portos.reloadedAt";
const leastBetweenReloadsMs = 20_000;

/** Registers the offline shell; in development the files change too often for one. */
export async function registerServiceWorker(): Promise<void> {
  if (!canInstall || import.meta.env.DEV) return;
  try {
    await navigator.serviceWorker.register("/service-worker.js", { scope: "/" });
    const registration = await navigator.serviceWorker.ready;
    const connection = "connection" in navigator ? (navigator.connection as { saveData?: boolean }) : {};
    if (connection.saveData === true) return;
    // Long after the first paint: what the user asked for goes first.
    setTimeout(() => registration.active?.postMessage("keep-everything"), keepEverythingAfterMs);
  } catch {
    return; // private windows refuse it; the panel works without
  }
}

/** After an update the parts of the former build are gone from the server: one reload brings the new build. */
export function reloadAfterUpdate(): void {
  addEventListener("vite:preloadError", (event) => {
    const reloadedAt = Number(sessionStorage.getItem(reloadedAtName) ?? 0);
    if (!navigator.onLine || Date.now() - reloadedAt < leastBetweenReloadsMs) return;
    event.preventDefault();
    sessionStorage.setItem(reloadedAtName, String(Date.now()));
    location.reload();
  });
}
