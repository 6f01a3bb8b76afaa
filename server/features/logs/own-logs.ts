import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";

import { isGone } from "./log-file.ts";

/** One log in our own folder, whether or not PM2 knows its process now. */
export interface OwnLog {
  /** PM2 name of the process: `portos-server`, `<app>/<process>`. */
  name: string;
  path: string;
  /** PM2 writes it, and opens it anew when told to. The others are opened once, by what PortOS runs itself. */
  isOfPm2: boolean;
}

/** Every `<name>.log` in `logsDir` and in `apps/<app>/`, also those that are there in rotated form only. */
export async function listOwnLogs(logsDir: string): Promise<OwnLog[]> {
  const appsDir = join(logsDir, "apps");
  const apps = (await entriesOf(appsDir)).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  const found = await Promise.all([logsIn(logsDir, ""), ...apps.map((app) => logsIn(join(appsDir, app), `${app}/`))]);
  return found.flat();
}

async function logsIn(folder: string, prefix: string): Promise<OwnLog[]> {
  const files = (await entriesOf(folder)).flatMap((entry) => (entry.isFile() ? [entry.name] : []));
  const logs = new Set(files.flatMap((name) => /^([\w.@ -]+?)\.log(?=$|\.\d{8}T\d{9}Z\.)/.exec(name)?.[1] ?? []));
  return [...logs].map((name) => ({
    name: `${prefix}${name}`,
    path: join(folder, `${name}.log`),
    isOfPm2: prefix !== "" || name.startsWith("portos-"),
  }));
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}
