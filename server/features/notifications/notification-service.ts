import { randomUUID } from "node:crypto";

import type { Notification } from "../../../contract/features/notifications.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import { redact } from "../../../lib/redact.ts";

export interface NotificationsFile {
  notifications: Notification[];
  /** Dismissed lately, so that a dismissal can be undone. */
  dismissed: Notification[];
}

export type NotificationEvent =
  { kind: "put"; notification: Notification } | { kind: "removed"; id: string } | { kind: "allRead" };

export interface NewNotification {
  level: Notification["level"];
  title: string;
  message?: string;
  /** Path inside the panel. */
  link?: string;
  /** Raising the same key again replaces the older one and counts up. */
  key?: string;
  needsYou?: boolean;
}

export interface NotificationService {
  list(): Notification[];
  notify(notification: NewNotification): Promise<Notification>;
  /** Calls `listener` with each notification as it is raised, also with one that is raised again. */
  onNotified(listener: (notification: Notification) => void): void;
  /** Takes back what was raised under `key`, because it has settled itself. */
  settle(key: string): Promise<void>;
  read(id: string): Promise<Notification>;
  readAll(): Promise<void>;
  dismiss(id: string): Promise<void>;
  restore(id: string): Promise<Notification>;
  clear(): Promise<number>;
}

const keepNotifications = 500;
const keepDismissed = 50;

/** The notification centre: newest first, bounded, each change published after it is on disk. */
export function createNotificationService(options: {
  store: JsonStore<NotificationsFile>;
  clock: Clock;
  publish: (event: NotificationEvent) => void;
}): NotificationService {
  const { store, clock, publish } = options;
  const listeners: ((notification: Notification) => void)[] = [];

  function change(
    id: string,
    make: (found: Notification, file: NotificationsFile) => NotificationsFile,
  ): Promise<Notification> {
    return store.update((file) => {
      const found = file.notifications.find((item) => item.id === id);
      if (!found) throw new AppError("not_found", "This notification is gone");
      const next = make(found, file);
      return { next, result: next.notifications.find((item) => item.id === id) ?? found };
    });
  }

  return {
    list: () => store.get().notifications,
    async notify(input) {
      const notification = await store.update((file) => {
        const earlier = input.key === undefined ? undefined : file.notifications.find((item) => item.key === input.key);
        const created = build(input, earlier, new Date(clock.now()).toISOString());
        const others = file.notifications.filter((item) => item !== earlier);
        return { next: { ...file, notifications: [created, ...others].slice(0, keepNotifications) }, result: created };
      });
      publish({ kind: "put", notification });
      for (const listener of listeners) listener(notification);
      return notification;
    },
    onNotified: (listener) => void listeners.push(listener),
    async settle(key) {
      if (!store.get().notifications.some((item) => item.key === key)) return;
      const removed = await store.update((file) => ({
        next: { ...file, notifications: file.notifications.filter((item) => item.key !== key) },
        result: file.notifications.filter((item) => item.key === key),
      }));
      for (const { id } of removed) publish({ kind: "removed", id });
    },
    async read(id) {
      const notification = await change(id, (found, file) => replace(file, { ...found, isRead: true }));
      publish({ kind: "put", notification });
      return notification;
    },
    async readAll() {
      await store.update((file) => ({
        next: { ...file, notifications: file.notifications.map((item) => ({ ...item, isRead: true })) },
        result: null,
      }));
      publish({ kind: "allRead" });
    },
    async dismiss(id) {
      await change(id, (found, file) => remove(file, [found]));
      publish({ kind: "removed", id });
    },
    async restore(id) {
      const notification = await store.update((file) => {
        const found = file.dismissed.find((item) => item.id === id);
        if (!found) throw new AppError("not_found", "This notification can no longer be brought back");
        const notifications = [...file.notifications, found].toSorted((a, b) => b.at.localeCompare(a.at));
        return { next: { notifications, dismissed: file.dismissed.filter((item) => item !== found) }, result: found };
      });
      publish({ kind: "put", notification });
      return notification;
    },
    async clear() {
      const gone = await store.update((file) => {
        const settled = file.notifications.filter((item) => !item.needsYou);
        return { next: remove(file, settled), result: settled };
      });
      for (const { id } of gone) publish({ kind: "removed", id });
      return gone.length;
    },
  };
}

function build(input: NewNotification, earlier: Notification | undefined, at: string): Notification {
  return {
    id: earlier?.id ?? randomUUID(),
    at,
    level: input.level,
    title: redact(input.title).slice(0, 200),
    message: redact(input.message ?? "").slice(0, 2000),
    link: input.link ?? null,
    key: input.key ?? null,
    needsYou: input.needsYou ?? false,
    isRead: false,
    count: (earlier?.count ?? 0) + 1,
  };
}

function replace(file: NotificationsFile, changed: Notification): NotificationsFile {
  return { ...file, notifications: file.notifications.map((item) => (item.id === changed.id ? changed : item)) };
}

function remove(file: NotificationsFile, gone: readonly Notification[]): NotificationsFile {
  const ids = new Set(gone.map(({ id }) => id));
  return {
    notifications: file.notifications.filter((item) => !ids.has(item.id)),
    dismissed: [...gone, ...file.dismissed].slice(0, keepDismissed),
  };
}
