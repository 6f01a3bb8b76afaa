import { ActionIcon, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { IconBell, IconChevronLeft, IconMoon, IconSearch, IconSun } from "@tabler/icons-react";

import { useLiveNotifications } from "../lib/live-queries.ts";
import { useObservable } from "../lib/observable.ts";
import { pageMeta } from "../lib/page-meta.ts";
import { KeyHint } from "../ui/key-hint.tsx";
import { ConnectionDot } from "./connection-dot.tsx";
import classes from "./header.module.css";
import { overlay } from "./overlay-state.ts";

/** Where one is, how current it is, and the way to everything else. */
export function Header() {
  const { title, parents } = useObservable(pageMeta);
  const back = parents.at(-1);
  return (
    <header className={classes["header"]}>
      {back === undefined ? null : (
        <Link to={back.to} className={`${classes["back"] ?? ""} phone-only`} aria-label={`Back to ${back.label}`}>
          <IconChevronLeft size={22} />
        </Link>
      )}
      <nav className={classes["crumbs"]} aria-label="Breadcrumb">
        <ol role="list">
          {parents.map((parent) => (
            <li key={parent.to} className="desktop-only">
              <Link to={parent.to}>{parent.label}</Link>
              <span aria-hidden="true">/</span>
            </li>
          ))}
          <li aria-current="page" className="truncate">
            {title}
          </li>
        </ol>
      </nav>
      <ConnectionDot />
      <button
        type="button"
        className={`${classes["search"] ?? ""} desktop-only`}
        onClick={() => overlay.set("palette")}
      >
        <IconSearch size={15} />
        <span>Search or run…</span>
        <KeyHint shortcut="mod+k" />
      </button>
      <ActionIcon
        className={`${classes["icon"] ?? ""} phone-only`}
        aria-label="Search and run"
        onClick={() => overlay.set("palette")}
      >
        <IconSearch size={20} stroke={1.8} />
      </ActionIcon>
      <Bell />
      <ThemeSwitch />
    </header>
  );
}

function Bell() {
  const { data: notifications = [] } = useLiveNotifications();
  const unread = notifications.filter((item) => !item.isRead).length;
  return (
    <ActionIcon
      className={classes["icon"] ?? ""}
      aria-label={unread === 0 ? "Notifications" : `Notifications, ${String(unread)} unread`}
      onClick={() => overlay.set("notifications")}
    >
      <IconBell size={18} stroke={1.8} />
      {unread === 0 ? null : (
        <span className={classes["count"]} aria-hidden="true">
          {unread > 9 ? "9+" : unread}
        </span>
      )}
    </ActionIcon>
  );
}

function ThemeSwitch() {
  const { setColorScheme } = useMantineColorScheme();
  const current = useComputedColorScheme("dark");
  const next = current === "dark" ? "light" : "dark";
  const Icon = current === "dark" ? IconSun : IconMoon;
  return (
    <ActionIcon
      className={`${classes["icon"] ?? ""} desktop-only`}
      aria-label={`Use the ${next} theme`}
      onClick={() => {
        setColorScheme(next);
      }}
    >
      <Icon size={18} stroke={1.8} />
    </ActionIcon>
  );
}
