import { execFile } from "node:child_process";
import { readFile, readlink } from "node:fs/promises";

/** Whether a process with this id exists and is more than a zombie. */
export async function isProcessAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  if (process.platform !== "linux") return true;
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return stat !== "" && !stat.slice(stat.lastIndexOf(")")).startsWith(") Z");
}

/** Command line of a running process with its arguments joined by blanks, or `null` when it cannot be known. */
export async function commandLine(pid: number): Promise<string | null> {
  if (process.platform === "linux") {
    const raw = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    return raw === "" ? null : raw.replaceAll("\0", " ").trim();
  }
  const [file, args]: [string, string[]] =
    process.platform === "win32"
      ? [
          "powershell.exe",
          ["-NoProfile", "-Command", `(Get-CimInstance Win32_Process -Filter 'ProcessId=${pid}').CommandLine`],
        ]
      : ["/bin/ps", ["-ww", "-o", "command=", "-p", String(pid)]];
  return new Promise((resolve) => {
    execFile(file, args, { timeout: 5_000 }, (error, stdout) => {
      resolve(error || stdout.trim() === "" ? null : stdout.trim());
    });
  });
}

/** Id of the process that started a running one, 1 when that has ended; `null` when it cannot be known. */
export async function parentOf(pid: number): Promise<number | null> {
  if (process.platform === "win32") return null;
  if (process.platform === "linux") {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    const parent = /^\) \S (\d+)/.exec(stat.slice(stat.lastIndexOf(")")))?.[1];
    return parent === undefined ? null : Number(parent);
  }
  return new Promise((resolve) => {
    execFile("/bin/ps", ["-o", "ppid=", "-p", String(pid)], { timeout: 5_000 }, (error, stdout) => {
      const parent = Number(stdout.trim());
      resolve(error || !Number.isInteger(parent) || parent === 0 ? null : parent);
    });
  });
}

/** Where a symbolic link points, or `null` when it is none. */
export async function linkTarget(path: string): Promise<string | null> {
  return readlink(path).catch(() => null);
}

/** Sends a signal to a process and, when it leads one, to its group. A process that is gone is no error. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  for (const target of process.platform === "win32" ? [pid] : [-pid, pid]) {
    try {
      process.kill(target, signal);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}
