import type { AppLink } from "../../../contract/features/apps.ts";

/** Where a link of an app leads from this device: ports are on the machine the panel was opened on. */
export function appLinkUrl(link: AppLink, hostname: string): string {
  if (link.kind === "url") return link.url;
  return `http://${hostname.includes(":") && !hostname.startsWith("[") ? `[${hostname}]` : hostname}:${String(link.port)}${link.path}`;
}
