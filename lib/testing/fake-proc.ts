import type { End } from "../processes/connection-owner.ts";
import type { ProcReader } from "../processes/proc-reader.ts";

/** Files by path: text, lines of a socket table, links of a folder, or `denied` for a folder that is not for us. */
export type FakeFiles = Record<string, string | string[] | Record<string, string>>;

/** A `/proc` of these files; processes are those that have any. */
export function fakeProc(files: FakeFiles): ProcReader {
  return {
    read(path) {
      const file = files[path];
      if (Array.isArray(file)) return ["  sl  local_address rem_address   st", ...file].join("\n");
      return typeof file === "string" ? file : null;
    },
    list(path) {
      if (path === "/proc") return [...new Set(Object.keys(files).map((name) => name.split("/")[2] ?? ""))];
      const folder = files[path];
      if (folder === "denied") return "denied";
      return typeof folder === "object" ? Object.keys(folder) : null;
    },
    link(path) {
      const at = path.lastIndexOf("/");
      const folder = files[path.slice(0, at)];
      return typeof folder === "object" && !Array.isArray(folder) ? (folder[path.slice(at + 1)] ?? null) : null;
    },
  };
}

interface Line {
  local: End;
  remote: End;
  inode: string;
  userId: number;
  /** "01" is established. */
  state?: string;
  /** An IPv4 address written as IPv6. */
  isMapped?: boolean;
}

/** A line of `/proc/net/tcp` or `tcp6` as Linux writes it on a little-endian machine (proc(5)). */
export function socketLine({ local, remote, inode, userId, state = "01", isMapped = false }: Line): string {
  const end = ({ address, port }: End): string =>
    `${hexOf(address, isMapped)}:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return `   0: ${end(local)} ${end(remote)} ${state} 00000000:00000000 00:00000000 00000000  ${userId}        0 ${inode} 1 0000000000000000 20 4 30 10 -1`;
}

function hexOf(address: string, isMapped: boolean): string {
  if (address === "::1") return "00000000000000000000000001000000";
  const bytes = address.split(".").map(Number).toReversed();
  const word = bytes.map((byte) => byte.toString(16).toUpperCase().padStart(2, "0")).join("");
  return isMapped ? `0000000000000000FFFF0000${word}` : word;
}
