import { useMantineColorScheme } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useRouterState } from "@tanstack/react-router";
import { IconDeviceDesktop, IconDots, IconHandStop, IconMoon, IconOctagonMinus, IconSun } from "../ui/icons.gen.ts";

import { callQuery } from "../lib/call-query.ts";
import { allowAgain, stopEverything } from "../lib/chief.ts";
import { ActionMenu, type MenuItem } from "../ui/action-menu.tsx";
import { navEntries } from "./nav.tsx";
import classes from "./tab-bar.module.css";

const tabs = navEntries.filter((entry) => entry.isTab);
const others = navEntries.filter((entry) => !entry.isTab);

/** Navigation of a phone; what does not fit is one tap further, in a sheet. */
export function TabBar() {
  const path = useRouterState({ select: (state) => state.location.pathname });
  const isElsewhere = path.startsWith("/approvals") || others.some((entry) => path.startsWith(entry.to));
  return (
    <nav className={`${classes["bar"] ?? ""} phone-only`} aria-label="Main">
      {tabs.map(({ to, label, icon: Icon }) => (
        <Link key={to} to={to} className={classes["tab"]} activeOptions={{ exact: to === "/", includeSearch: false }}>
          <Icon size={22} stroke={1.7} />
          {label}
        </Link>
      ))}
      <More isCurrent={isElsewhere} />
    </nav>
  );
}

function More({ isCurrent }: { isCurrent: boolean }) {
  const navigate = useNavigate();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const pages = others.map(({ to, label, icon }): MenuItem => ({ id: to, label, icon, run: () => navigate({ to }) }));
  const approvals: MenuItem = {
    id: "/approvals",
    label: "Approvals",
    icon: IconHandStop,
    run: () => navigate({ to: "/approvals" }),
  };
  const client = useQueryClient();
  const { data: chief } = useQuery(callQuery("chief.get", undefined, { isKept: true }));
  const stop: MenuItem =
    chief?.panic.isOn === true
      ? { id: "panic", group: "", label: "Allow again", icon: IconOctagonMinus, run: () => allowAgain(client) }
      : {
          id: "panic",
          group: "",
          label: "Stop everything",
          icon: IconOctagonMinus,
          isDangerous: true,
          run: () => stopEverything(client),
        };
  const themes = [
    { id: "dark", label: "Dark theme", icon: IconMoon },
    { id: "light", label: "Light theme", icon: IconSun },
    { id: "auto", label: "Theme of the system", icon: IconDeviceDesktop },
  ] as const;
  return (
    <ActionMenu
      label="More"
      {...(classes["tab"] === undefined
        ? {}
        : { className: isCurrent ? `${classes["tab"]} ${classes["current"] ?? ""}` : classes["tab"] })}
      trigger={
        <>
          <IconDots size={22} stroke={1.7} />
          More
        </>
      }
      items={[
        approvals,
        ...pages,
        stop,
        ...themes.map((theme) => ({
          ...theme,
          group: "Theme",
          isCurrent: theme.id === colorScheme,
          run: () => {
            setColorScheme(theme.id);
          },
        })),
      ]}
    />
  );
}
