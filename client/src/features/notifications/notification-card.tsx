import { ActionIcon } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconCircleX, IconInfoCircle, IconX } from "../../ui/icons.gen.ts";
import { useNavigate } from "@tanstack/react-router";

import type { Notification } from "../../../../contract/features/notifications.ts";
import { call } from "../../lib/api.ts";
import { undoToast, withErrorToast } from "../../lib/toasts.ts";
import type { Icon } from "../../ui/icon.ts";
import { Time } from "../../ui/time.tsx";
import classes from "./notification-centre.module.css";

const looks = {
  info: { icon: IconInfoCircle, word: "Information" },
  success: { icon: IconCircleCheck, word: "Success" },
  warning: { icon: IconAlertTriangle, word: "Warning" },
  error: { icon: IconCircleX, word: "Error" },
} satisfies Record<Notification["level"], { icon: Icon; word: string }>;

interface NotificationCardProps {
  notification: Notification;
  onOpen: () => void;
  onChange: () => Promise<void>;
}

/** One notification: opens what it is about, can be dismissed with undo. */
export function NotificationCard({ notification, onOpen, onChange }: NotificationCardProps) {
  const { id, level, title, message, link, isRead, count, at } = notification;
  const { icon: LevelIcon, word } = looks[level];
  const navigate = useNavigate();
  const open = async (): Promise<void> => {
    if (!isRead) await withErrorToast("Could not mark as read", () => call("notifications.read", { params: { id } }));
    if (link === null) return;
    onOpen();
    await navigate({ href: link });
  };
  const dismiss = async (): Promise<void> => {
    const isDone = await withErrorToast("Could not dismiss", () => call("notifications.dismiss", { params: { id } }));
    if (!isDone) return;
    await onChange();
    undoToast("Dismissed", async () => {
      await call("notifications.restore", { params: { id } });
      await onChange();
    });
  };
  return (
    <li className={classes["card"]} data-level={level} data-unread={!isRead || undefined}>
      <span className={classes["icon"]}>
        <LevelIcon size={16} />
        <span className="visually-hidden">{word}</span>
      </span>
      <div className={classes["body"]}>
        <button type="button" className={classes["open"]} onClick={() => void open()}>
          {title}
          {count > 1 ? <span className={classes["count"]}>×{count}</span> : null}
        </button>
        {message === "" ? null : <p className={classes["message"]}>{message}</p>}
        <p className={classes["when"]}>
          <Time iso={at} />
          {notification.needsYou ? " · needs you" : ""}
        </p>
      </div>
      <ActionIcon size={28} aria-label={`Dismiss ${title}`} onClick={() => void dismiss()}>
        <IconX size={15} />
      </ActionIcon>
    </li>
  );
}
