import { existsSync, lstatSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";

import { basicArguments } from "../../../../lib/processes/bubblewrap.ts";
import { packageFolder } from "../../../../lib/processes/package-folder.ts";
import { hiddenInHome, hidePlace } from "../../../../lib/processes/hidden-places.ts";

export interface ConfinedRequest {
  /** Absolute path of bubblewrap. */
  bubblewrap: string;
  /** Folders that hold what nobody in there may see: data, state, configuration of PortOS. */
  hidden: readonly string[];
  /** Folders and files that may be written. */
  writable: readonly string[];
  folder: string;
  file: string;
  args: readonly string[];
}

const temporary = ["/tmp", "/var/tmp", "/run"];

/**
 * A program without network that sees files as they are, to be read, except what holds secrets: folders of PortOS, those of the
 * home folder, temporary files and sockets of others.
 */
export function confinedCommand(request: ConfinedRequest): { file: string; args: string[] } {
  const { bubblewrap, hidden, writable, folder, file, args } = request;
  const secrets = [...hiddenInHome.map((name) => join(homedir(), name)), ...hidden];
  const emptied = temporary.filter(isRealFolder);
  // What is run may lie where others keep their temporary files.
  const shown = [file, ...args].filter((path) => isAbsolute(path) && existsSync(path)).flatMap(withItsFolder);
  return {
    file: bubblewrap,
    args: [
      ...basicArguments,
      "--unshare-net",
      "--new-session",
      ...emptied.flatMap((place) => ["--tmpfs", place]),
      ...shown
        .filter((path) => emptied.some((place) => path.startsWith(`${place}/`)))
        .flatMap((path) => ["--ro-bind", path, path]),
      ...writable.flatMap((place) => ["--bind", place, place]),
      // Last: a folder above that may be written does not bring them back.
      ...secrets.flatMap(hidePlace),
      "--setenv",
      "TMPDIR",
      "/tmp",
      "--chdir",
      folder,
      "--",
      file,
      ...args,
    ],
  };
}

/** A link is nothing without the file it leads to, a script nothing without the package it belongs to. */
function withItsFolder(path: string): string[] {
  const real = realpathSync(path);
  const own = packageFolder(dirname(real));
  return real === path ? [own, path] : [own, path, dirname(real)];
}

function isRealFolder(path: string): boolean {
  return existsSync(path) && lstatSync(path).isDirectory();
}
