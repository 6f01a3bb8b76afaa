import { findProgram } from "./find-program.ts";
import { runCommand } from "./run-command.ts";

/** What every sandbox has: no capability, processes, /dev, /proc, messages of its own; ends with who started it. */
export const basicArguments = [
  "--die-with-parent",
  "--unshare-pid",
  "--unshare-ipc",
  "--unshare-cgroup-try",
  "--cap-drop",
  "ALL",
  "--ro-bind",
  "/",
  "/",
  "--dev",
  "/dev",
  "--proc",
  "/proc",
];

/** Whether sandboxes can be made here; `help` says what to do when not. */
export type SandboxState = { isAvailable: true; program: string; help: null } | { isAvailable: false; help: string };

export interface Bubblewrap {
  /** As seen within the last minute. */
  state(): Promise<SandboxState>;
}

const freshMs = 60_000;
const install =
  "Install bubblewrap (Debian, Ubuntu: sudo apt install bubblewrap; Fedora: sudo dnf install bubblewrap; Arch: sudo pacman -S bubblewrap).";

/** Looks for bubblewrap in `searchPath` and tries it once in a while: it may be there and still not be allowed to work. */
export function createBubblewrap({ searchPath, monotonic }: { searchPath: () => string; monotonic: () => number }) {
  let known: { at: number; state: Promise<SandboxState> } | null = null;

  async function look(): Promise<SandboxState> {
    if (process.platform !== "linux")
      return { isAvailable: false, help: "Sandboxes need bubblewrap, which exists for Linux only." };
    const program = findProgram("bwrap", "/", searchPath());
    if (program === null) return { isAvailable: false, help: `bubblewrap is not installed. ${install}` };
    const tried = await runCommand(program, [...basicArguments, "--unshare-net", "--", "/bin/true"], {
      timeoutMs: 10_000,
      cwd: "/",
    });
    if (tried.code === 0) return { isAvailable: true, program, help: null };
    const said = tried.stderr.trim().split("\n").at(-1) ?? "";
    return {
      isAvailable: false,
      help:
        `bubblewrap is installed but cannot work here${said === "" ? "" : ` (${said.slice(0, 300)})`}. ` +
        "The system must allow user namespaces: see the settings kernel.unprivileged_userns_clone, user.max_user_namespaces and kernel.apparmor_restrict_unprivileged_userns.",
    };
  }

  return {
    state() {
      if (known === null || monotonic() - known.at > freshMs) known = { at: monotonic(), state: look() };
      return known.state;
    },
  } satisfies Bubblewrap;
}
