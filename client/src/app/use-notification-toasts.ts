import { useLocation, useNavigate } from "@tanstack/react-router";
import { useEffect, useRef } from "react";

import type { Notification } from "../../../contract/features/notifications.ts";
import { isBeforeUser } from "../lib/is-before-user.ts";
import { dismissToast, toast, type Toast } from "../lib/toasts.ts";
import { useFeed } from "../lib/use-feed.ts";

const kinds: Record<Notification["level"], Toast["kind"]> = {
  info: "info",
  success: "ok",
  warning: "warn",
  error: "bad",
};

/** The same notification raised again and again (a crash loop) is said once in this time. */
const quietMs = 60_000;

/** Says what arrives while the page is open and is not what the page shows, until its own page is opened; what was there before waits behind the bell. */
export function useNotificationToasts(): void {
  const navigate = useNavigate();
  const shownAt = useRef(new Map<string, number>());
  const byLink = useRef(new Map<string, string>());
  const { pathname } = useLocation();
  useEffect(() => {
    const shown = byLink.current.get(pathname);
    if (shown !== undefined) dismissToast(shown);
    byLink.current.delete(pathname);
  }, [pathname]);
  useFeed("notifications", {
    onSnapshot: () => undefined,
    onEvent: (event) => {
      if (event.kind !== "put" || event.notification.isRead) return;
      const { id, level, title, message, link } = event.notification;
      if (Date.now() - (shownAt.current.get(id) ?? 0) < quietMs) return;
      shownAt.current.set(id, Date.now());
      const shown = { pathname: globalThis.location.pathname, isVisible: document.visibilityState === "visible" };
      if (isBeforeUser(link, shown)) return;
      const toastId = toast({
        kind: kinds[level],
        text: title,
        ...(message === "" ? {} : { detail: message }),
        ...(link === null ? {} : { action: { label: "Show", run: () => navigate({ href: link }) } }),
      });
      if (link !== null) byLink.current.set(link, toastId);
    },
  });
}
