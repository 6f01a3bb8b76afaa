import { realpathSync } from "node:fs";

import type { Bubblewrap } from "../../../../lib/processes/bubblewrap.ts";

/** How a module is kept in. */
export interface ModuleWalls {
  /** The system itself does, not Node alone. */
  isConfined: boolean;
  /** One sentence. */
  words: string;
  /** The command that runs a built module within them. */
  command(bundle: string): { file: string; args: string[] };
}

const maxHeapMb = 128;
/** Where the libraries of a system are that Node is linked with. */
const libraries = ["/usr", "/lib", "/lib64", "/nix/store", "/etc/ld.so.cache"];

/** The best there is here: bubblewrap, or the permission model of Node by itself. */
export async function moduleWalls(bubblewrap: Bubblewrap): Promise<ModuleWalls> {
  const state = await bubblewrap.state();
  if (!state.isAvailable)
    return {
      isConfined: false,
      words:
        "Node keeps it from files and programs, and what it imports is checked; the system itself does not keep it in, " +
        `because bubblewrap cannot be used. ${state.help}`,
      command: (bundle) => ({ file: process.execPath, args: [...nodeArguments(bundle), bundle] }),
    };
  return {
    isConfined: true,
    words: "It runs in bubblewrap: without network, without files but its own, without variables of this machine.",
    command: (bundle) => ({
      file: state.program,
      args: [...confinement, ...places(bundle), "--", "/portos/node", ...nodeArguments(inside), inside],
    }),
  };
}

const inside = "/portos/module.mjs";
const confinement = [
  "--unshare-all",
  "--die-with-parent",
  "--new-session",
  "--cap-drop",
  "ALL",
  "--clearenv",
  "--proc",
  "/proc",
  "--dev",
  "/dev",
  "--tmpfs",
  "/tmp",
];

function places(bundle: string): string[] {
  const shown = libraries.flatMap((place) => ["--ro-bind-try", place, place]);
  const own = ["--ro-bind", realpathSync(process.execPath), "/portos/node", "--ro-bind", bundle, inside];
  return [...shown, ...own, "--chdir", "/portos"];
}

/** No files but its own, no programs, no threads, no text that becomes a program, little memory. */
function nodeArguments(bundle: string): string[] {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const isStable = major > 23 || (major === 23 && minor >= 5) || (major === 22 && minor >= 13);
  return [
    "--no-warnings",
    isStable ? "--permission" : "--experimental-permission",
    `--allow-fs-read=${bundle}`,
    "--disallow-code-generation-from-strings",
    `--max-old-space-size=${String(maxHeapMb)}`,
  ];
}
