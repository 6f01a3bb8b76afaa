import { ActionIcon, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { IconBell, IconChevronLeft, IconMoon, IconOctagonMinus, IconSearch, IconSun } from "../ui/icons.gen.ts";

import { callQuery } from "../lib/call-query.ts";
import { stopEverything } from "../lib/chief.ts";
import { useLiveNotifications } from "../lib/live-queries.ts";
import { useObservable } from "../lib/observable.ts";
import { pageMeta } from "../lib/page-meta.ts";
import { KeyHint } from "../ui/key-hint.tsx";
import { ConnectionDot } from "./connection-dot.tsx";
import classes from "./header.module.css";
import { overlay } from "./overlay-state.ts";

const hourMs = 3_600_000;

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
          <li className="desktop-only">
            <Link to="/">{useMachineName()}</Link>
          </li>
          {parents.map((parent) => (
            <li key={parent.to} className="desktop-only">
              <span aria-hidden="true">/</span>
              <Link to={parent.to}>{parent.label}</Link>
            </li>
          ))}
          <li aria-current="page" className="truncate phone-only">
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
      <StopButton />
      <Bell />
      <ThemeSwitch />
    </header>
  );
}

/** The name the user gave this machine, else its own; which one this is matters as soon as there are two. */
function useMachineName(): string {
  const { data: settings } = useQuery({ ...callQuery("settings.get", undefined, { isKept: true }), staleTime: hourMs });
  const { data: machine } = useQuery({
    ...callQuery("system.machine", undefined, { isKept: true }),
    staleTime: hourMs,
  });
  const name = settings?.machineName ?? "";
  return name === "" ? (machine?.hostname ?? "PortOS") : name;
}

/** On a phone it is under More, and on Home while agents work. */
function StopButton() {
  const client = useQueryClient();
  return (
    <ActionIcon
      className={`${classes["icon"] ?? ""} desktop-only`}
      aria-label="Stop everything"
      title="Stop everything: agents and schedules"
      onClick={() => void stopEverything(client)}
    >
      <IconOctagonMinus size={18} stroke={1.8} />
    </ActionIcon>
  );
}

function Bell() {
  const { data: notifications = [] } = useLiveNotifications();
  const count = notifications.filter((item) => !item.isRead).length;
  const unread = count > 9 ? "9+" : String(count);
  return (
    <ActionIcon
      className={classes["icon"] ?? ""}
      aria-label={count === 0 ? "Notifications" : `Notifications, ${unread} unread`}
      onClick={() => overlay.set("notifications")}
    >
      <IconBell size={18} stroke={1.8} />
      {count === 0 ? null : (
        <span className={classes["count"]} aria-hidden="true">
          {unread}
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
