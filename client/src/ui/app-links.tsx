import { IconExternalLink } from "./icons.gen.ts";

import type { App } from "../../../contract/features/apps.ts";
import { appLinkUrl } from "../lib/app-links.ts";
import classes from "./app-links.module.css";

/** Links of an app, or its ports when it has none, opened on the machine the panel is open on. */
export function AppLinks({ app, max = 2, isRow = false }: { app: App; max?: number; isRow?: boolean }) {
  const ports = [...new Set(app.processes.flatMap((process) => process.ports))];
  const links =
    app.links.length > 0
      ? app.links
      : ports.map((port) => ({ kind: "port" as const, label: `:${String(port)}`, port, path: "/" }));
  return (
    <span className={classes["links"]} data-row={isRow || undefined}>
      {links.slice(0, max).map((link) => {
        const href = appLinkUrl(link, location.hostname);
        return (
          <a
            key={`${link.label} ${href}`}
            href={href}
            target="_blank"
            rel="noreferrer"
            className={classes["link"]}
            title={href}
          >
            <IconExternalLink size={13} />
            <span className="truncate">{link.kind === "port" ? `:${String(link.port)}` : link.label}</span>
          </a>
        );
      })}
    </span>
  );
}
