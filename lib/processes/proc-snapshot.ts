import type { ProcReader } from "./proc-reader.ts";

/**
 * How long what was read of the socket tables and of open files may answer for, in milliseconds. Within it the system
 * gives neither the two ends of a connection nor the number of a socket to another one.
 */
const freshMs = 50;

/** Sockets of one process: all it has open, and when that was read. */
interface OpenSockets {
  at: number;
  names: Set<string>;
}

/** What many connections that come at once are looked up in: read once for all of them. */
export interface ProcSnapshot {
  /** A socket table by the ports of its rows, as `<local>:<remote>` in upper-case hex; `null` where there is none. */
  table(name: "tcp" | "tcp6", how: "kept" | "fresh"): Map<string, string[]> | null;
  /** Whether a process has a socket open; a yes may be a moment old. */
  holds(pid: number, inode: string): boolean;
}

const ports = /^ *\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:([0-9A-F]{4}) .*$/gm;
const mostKept = 64;

export function createProcSnapshot(proc: ProcReader, now: () => number): ProcSnapshot {
  const tables = new Map<string, { at: number; rows: Map<string, string[]> | null }>();
  const open = new Map<number, OpenSockets>();

  function readTable(name: string): Map<string, string[]> | null {
    const text = proc.read(`/proc/net/${name}`);
    if (text === null) return null;
    const rows = new Map<string, string[]>();
    for (const [row, local = "", remote = ""] of text.matchAll(ports)) {
      const key = `${local}:${remote}`;
      const same = rows.get(key);
      if (same) same.push(row);
      else rows.set(key, [row]);
    }
    return rows;
  }

  function readOpen(pid: number): Set<string> {
    const folder = `/proc/${pid}/fd`;
    const names = proc.list(folder);
    const links = (Array.isArray(names) ? names : []).map((name) => proc.link(`${folder}/${name}`));
    return new Set(links.filter((link) => link?.startsWith("socket:[") === true).map(String));
  }

  return {
    table(name, how) {
      const kept = tables.get(name);
      if (how === "kept" && kept !== undefined && now() - kept.at < freshMs) return kept.rows;
      const rows = readTable(name);
      tables.set(name, { at: now(), rows });
      return rows;
    },
    holds(pid, inode) {
      const wanted = `socket:[${inode}]`;
      const kept = open.get(pid);
      if (kept !== undefined && now() - kept.at < freshMs && kept.names.has(wanted)) return true;
      const names = readOpen(pid);
      if (open.size >= mostKept) open.clear();
      open.set(pid, { at: now(), names });
      return names.has(wanted);
    },
  };
}
