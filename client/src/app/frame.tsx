import { useQuery } from "@tanstack/react-query";
import { Outlet, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useEffect } from "react";

import { callQuery } from "../lib/call-query.ts";
import { useObservable } from "../lib/observable.ts";
import { usePreference } from "../lib/use-preference.ts";
import { pinRequest } from "../lib/step-up.ts";
import { openConfirmation } from "../ui/confirm.ts";
import { Toaster } from "../ui/toaster.tsx";
import { UnsavedGuard } from "../ui/unsaved-guard.tsx";
import { useBaseActions } from "./base-actions.tsx";
import classes from "./frame.module.css";
import { Header } from "./header.tsx";
import { overlay } from "./overlay-state.ts";
import { Rail } from "./rail.tsx";
import { TabBar } from "./tab-bar.tsx";
import { useShortcuts } from "./use-shortcuts.ts";

const GlobalActions = lazy(() => import("./global-actions.tsx").then((module) => ({ default: module.GlobalActions })));
const PanicBanner = lazy(() => import("./panic-banner.tsx").then((module) => ({ default: module.PanicBanner })));
const Palette = lazy(() => import("./palette.tsx").then((module) => ({ default: module.Palette })));
const ShortcutSheet = lazy(() => import("./shortcut-sheet.tsx").then((module) => ({ default: module.ShortcutSheet })));
const NotificationCentre = lazy(() =>
  import("../features/notifications/notification-centre.tsx").then((module) => ({
    default: module.NotificationCentre,
  })),
);
const ConfirmDialog = lazy(() =>
  import("../ui/confirm-dialog.tsx").then((module) => ({ default: module.ConfirmDialog })),
);

const PinSheet = lazy(() => import("./pin-sheet.tsx").then((module) => ({ default: module.PinSheet })));

/** What surrounds every page: rail and header at the desk, title and tabs on a phone, overlays over both. */
export function Frame() {
  useShortcuts();
  useBaseActions();
  const [isCollapsed, setIsCollapsed] = usePreference("rail.isCollapsed", false);
  return (
    <div className={classes["frame"]} data-collapsed={isCollapsed || undefined}>
      <a href="#content" className={classes["skip"]}>
        Skip to content
      </a>
      <Rail isCollapsed={isCollapsed} onToggle={() => setIsCollapsed(!isCollapsed)} />
      <Header />
      <Stopped />
      <main id="content" className={classes["main"]} tabIndex={-1} data-scroll-restoration-id="content">
        <Outlet />
      </main>
      <TabBar />
      <Toaster />
      <UnsavedGuard />
      <Overlays />
    </div>
  );
}

/** The banner is loaded when there is something to say; `GlobalActions` keeps the state current. */
function Stopped() {
  const { data } = useQuery(callQuery("chief.get", undefined, { isKept: true }));
  if (data?.panic.isOn !== true) return null;
  return (
    <Suspense fallback={null}>
      <PanicBanner panic={data.panic} />
    </Suspense>
  );
}

function close(): void {
  overlay.set("none");
}

function Overlays() {
  const shown = useObservable(overlay);
  const confirmation = useObservable(openConfirmation);
  const pin = useObservable(pinRequest);
  const path = useRouterState({ select: (state) => state.location.pathname });
  useEffect(close, [path]);
  return (
    <Suspense fallback={null}>
      <GlobalActions />
      {shown === "palette" ? <Palette onClose={close} /> : null}
      {shown === "shortcuts" ? <ShortcutSheet onClose={close} /> : null}
      {shown === "notifications" ? <NotificationCentre onClose={close} /> : null}
      {confirmation === null ? null : <ConfirmDialog confirmation={confirmation} />}
      {pin === null ? null : <PinSheet request={pin} />}
    </Suspense>
  );
}
