import type { App, AppLink } from "../../../contract/features/apps.ts";

/** Where a link of an app leads from this device: ports are on the machine the panel was opened on. */
export function appLinkUrl(link: AppLink, hostname: string): string {
  if (link.kind === "url") return link.url;
  return `http://${hostname.includes(":") && !hostname.startsWith("[") ? `[${hostname}]` : hostname}:${String(link.port)}${link.path}`;
}

/** Query of the Logs page for one process: "<home>/<PM2 name>". */
export function processLogSearch({ home, name }: { home: string; name: string }): { process: string } {
  return { process: `${home}/${name}`.replaceAll("%", "%25").replaceAll(",", "%2C") };
}

/** Query of the Logs page for all processes of an app, those that have not run yet included. */
export function appLogSearch({ id, processes }: Pick<App, "id" | "processes">): { process: string } {
  const names = processes.map(({ name, run }) =>
    run.kind === "linked" ? processLogSearch(run) : processLogSearch({ home: "portos", name: `${id}/${name}` }),
  );
  return { process: names.map(({ process }) => process).join(",") };
}
