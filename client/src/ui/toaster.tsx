import { IconAlertTriangle, IconCheck, IconInfoCircle, IconX } from "./icons.gen.ts";
import { useEffect, useState } from "react";

import { dismissToast, toasts, type Toast } from "../lib/toasts.ts";
import { useObservable } from "../lib/observable.ts";
import { CopyText } from "./copy-text.tsx";
import classes from "./toaster.module.css";

const icons = { ok: IconCheck, info: IconInfoCircle, warn: IconAlertTriangle, bad: IconAlertTriangle };

/** Shows the toasts: lower right on a wide screen, above the tabs on a phone. */
export function Toaster() {
  const list = useObservable(toasts);
  return (
    <div className={classes["stack"]} role="region" aria-label="Messages" aria-live="polite">
      {list.map((item) => (
        <ToastCard key={item.id} item={item} />
      ))}
    </div>
  );
}

function ToastCard({ item }: { item: Toast }) {
  const [isHeld, setIsHeld] = useState(false);
  useEffect(() => {
    if (isHeld) return undefined;
    const timer = setTimeout(() => {
      dismissToast(item.id);
    }, item.durationMs);
    return () => {
      clearTimeout(timer);
    };
  }, [item, isHeld]);
  const Icon = icons[item.kind];
  const hold = { onMouseEnter: () => setIsHeld(true), onFocus: () => setIsHeld(true) };
  const release = { onMouseLeave: () => setIsHeld(false), onBlur: () => setIsHeld(false) };
  return (
    <div className={classes["toast"]} data-kind={item.kind} {...hold} {...release}>
      <span className={classes["icon"]}>
        <Icon size={16} />
      </span>
      <div className={classes["body"]}>
        <p className={classes["text"]}>{item.text}</p>
        {item.detail === undefined ? null : <p className={classes["detail"]}>{item.detail}</p>}
        {item.correlationId === undefined ? null : <CopyText text={item.correlationId} />}
      </div>
      {item.action === undefined ? null : (
        <button
          type="button"
          className={classes["action"]}
          onClick={() => {
            dismissToast(item.id);
            void item.action?.run();
          }}
        >
          {item.action.label}
        </button>
      )}
      <button
        type="button"
        className={classes["close"]}
        aria-label="Dismiss"
        onClick={() => {
          dismissToast(item.id);
        }}
      >
        <IconX size={14} />
      </button>
    </div>
  );
}
