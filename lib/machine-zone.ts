import { readFileSync, readlinkSync } from "node:fs";

export interface ZoneFiles {
  /** Link to the data of the zone: "/usr/share/zoneinfo/Europe/Berlin". */
  link: string;
  /** Name of the zone, where the link is a copy instead. */
  name: string;
}

const systemFiles: ZoneFiles = { link: "/etc/localtime", name: "/etc/timezone" };

/**
 * IANA name of the zone this machine's own clock shows, "UTC" when it cannot be told. Our processes run in UTC, so their own
 * idea of a zone says nothing; and asking `Intl` brings 8 MB of it into memory.
 */
export function machineZone(files: ZoneFiles = systemFiles): string {
  const linked = /zoneinfo\/(?:posix\/|right\/)?(.+)$/.exec(attempt(() => readlinkSync(files.link)))?.[1];
  const zone = linked ?? attempt(() => readFileSync(files.name, "utf8")).trim();
  if (!/^[A-Za-z][\w+-]*(?:\/[\w+-]+){0,2}$/.test(zone)) return "UTC";
  return zone === "Etc/UTC" || zone === "Etc/UCT" || zone === "UCT" ? "UTC" : zone;
}

function attempt(read: () => string): string {
  try {
    return read();
  } catch {
    return ""; // this system keeps it elsewhere
  }
}
