import { Link } from "@tanstack/react-router";
import { IconLayoutSidebarLeftCollapse, IconLayoutSidebarLeftExpand } from "../ui/icons.gen.ts";

import { Logo } from "./logo.tsx";
import { navEntries, type NavEntry } from "./nav.tsx";
import classes from "./rail.module.css";

/** Navigation of a wide screen; collapsed it shows icons with their names on hover and focus. */
export function Rail({ isCollapsed, onToggle }: { isCollapsed: boolean; onToggle: () => void }) {
  const Toggle = isCollapsed ? IconLayoutSidebarLeftExpand : IconLayoutSidebarLeftCollapse;
  const toggleLabel = isCollapsed ? "Expand" : "Collapse";
  return (
    <nav
      className={`${classes["rail"] ?? ""} desktop-only`}
      data-collapsed={isCollapsed || undefined}
      aria-label="Main"
    >
      <Link to="/" className={classes["brand"]} aria-label="PortOS, to Home">
        <Logo size={24} />
        <span className={classes["word"]}>PortOS</span>
      </Link>
      <Part entries={navEntries.filter((entry) => entry.part === "work")} />
      <div className={classes["gap"]} />
      <Part entries={navEntries.filter((entry) => entry.part === "panel")} />
      <button
        type="button"
        className={classes["item"]}
        onClick={onToggle}
        aria-expanded={!isCollapsed}
        data-tip={toggleLabel}
      >
        <Toggle size={18} stroke={1.7} />
        <span className={classes["label"]}>{toggleLabel}</span>
      </button>
    </nav>
  );
}

function Part({ entries }: { entries: readonly NavEntry[] }) {
  return (
    <ul role="list" className={classes["list"]}>
      {entries.map(({ to, label, icon: Icon }) => (
        <li key={to}>
          <Link
            to={to}
            className={classes["item"]}
            activeOptions={{ exact: to === "/", includeSearch: false }}
            data-tip={label}
          >
            <Icon size={18} stroke={1.7} />
            <span className={classes["label"]}>{label}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
