import { addressFromHex } from "./listening-ports.ts";
import { processNumbers, showsAllProcesses, type ProcReader } from "./proc-reader.ts";
import { createProcSnapshot } from "./proc-snapshot.ts";

/** One end of a TCP connection; the address is canonical text, IPv4 never as IPv6. */
export interface End {
  address: string;
  port: number;
}

/** Who holds the other end of a connection. */
export type Owner =
  | { kind: "program"; pid: number }
  /** One of these, which do not let us look at what they have open. */
  | { kind: "hidden"; pids: number[] }
  /** Not of this user, or not of this machine's network, as with containers and virtual machines. */
  | { kind: "elsewhere" }
  /** Nobody any more: it was closed after something was sent. */
  | { kind: "gone" }
  /** This system does not tell, or not of the program that has it. */
  | { kind: "unknown" }
  /** None of those who connected last, and it was not to be looked for any further. */
  | { kind: "unsought" };

/** One row of a socket table of the system. */
export interface SocketRow {
  local: End;
  remote: End;
  isEstablished: boolean;
  userId: number;
  /** "0" when no process holds it. */
  inode: string;
}

export interface ConnectionOwners {
  /**
   * Who holds the end `peer` of a connection that ends at `own` here. Looked for among those who connected last only,
   * and `unsought` otherwise, while `maySearch` says no.
   */
  find(peer: End, own: End, maySearch?: () => boolean): Owner;
  /** Who hold connections of this machine's address to itself that end at one of these ports; at any where none does. */
  between(address: string, ports: readonly number[]): Owner[];
  /** It was refused: for a second it is looked at first, and costs next to nothing however often it connects. */
  noteRefused(pid: number): void;
}

const established = "01";
/** A table is not read in one moment, and a program may hand its socket on meanwhile. */
const mostLooks = 3;
const mostHints = 12;
const mostRefused = 6;

/** How long a refusal counts for all connections of a process, in milliseconds. */
export const refusedForMs = 1_000;

export interface ConnectionOwnerOptions {
  proc: ProcReader;
  userId: number;
  /** In milliseconds, never set back; replaced in tests. */
  now?: () => number;
}

/** Finds the process at the other end of a connection within this machine, as `/proc` shows it. */
export function createConnectionOwners(options: ConnectionOwnerOptions): ConnectionOwners {
  const { proc, userId, now = () => performance.now() } = options;
  /** Who held connections last: whoever connects once connects again. */
  let hints: number[] = [];
  /** Who was refused last, and until when that counts; later they are still looked at before all others are. */
  const refused = new Map<number, number>();
  const seesAll = showsAllProcesses(proc);
  const snapshot = createProcSnapshot(proc, now);

  function look(peer: End, own: End, how: "kept" | "fresh"): SocketRow | "elsewhere" | "gone" | "unknown" {
    let isOpenHere = false;
    let hasTable = false;
    for (const name of peer.address.includes(":") ? (["tcp6"] as const) : (["tcp", "tcp6"] as const)) {
      const table = snapshot.table(name, how);
      if (table === null) continue;
      hasTable = true;
      const row = rowsBetween(table, peer, own)[0];
      if (row) return row;
      isOpenHere ||= rowsBetween(table, own, peer).some(({ isEstablished }) => isEstablished);
    }
    if (!hasTable) return "unknown";
    return isOpenHere ? "elsewhere" : "gone";
  }

  /** Not sure when processes came or went meanwhile: a program may have handed its socket to a child it started. */
  function ownerOf({ inode, userId: owner }: SocketRow, maySearch = () => true): { owner: Owner; isSure: boolean } {
    if (userId !== 0 && owner === 0) return { owner: { kind: "elsewhere" }, isSure: true };
    const known = [...hints, ...refused.keys()].find((pid) => holds(pid, inode) === true);
    if (known !== undefined) return { owner: found(known), isSure: true };
    if (!maySearch()) return { owner: { kind: "unsought" }, isSure: true };
    const hidden: number[] = [];
    const all = processNumbers(proc);
    for (const pid of all) {
      const answer = holds(pid, inode);
      if (answer === "denied") hidden.push(pid);
      else if (answer) return { owner: found(pid), isSure: true };
    }
    const isSure = owner !== userId || processNumbers(proc).join() === all.join();
    const pids = hidden.filter((pid) => userOf(pid) === owner);
    if (pids.length > 0) return { owner: { kind: "hidden", pids }, isSure };
    if (owner !== userId) return { owner: { kind: "elsewhere" }, isSure };
    return { owner: { kind: seesAll ? "gone" : "unknown" }, isSure };
  }

  /**
   * Judged by what was read a moment ago, for all connections that come at once: only whoever was refused just now. To let
   * somebody in by it would be a way in, since another program can take over the port of a connection that was closed.
   */
  function amongRefused(peer: End, own: End): Owner | null {
    const recent = [...refused].filter(([, until]) => now() < until).map(([pid]) => pid);
    if (recent.length === 0) return null;
    const row = look(peer, own, "kept");
    if (typeof row === "string") return null;
    const pid = recent.find((one) => snapshot.holds(one, row.inode));
    return pid === undefined ? null : { kind: "program", pid };
  }

  function holds(pid: number, inode: string): boolean | "denied" {
    const folder = `/proc/${pid}/fd`;
    const names = proc.list(folder);
    if (names === "denied") return names;
    const wanted = `socket:[${inode}]`;
    return names?.some((name) => proc.link(`${folder}/${name}`) === wanted) === true;
  }

  function found(pid: number): Owner {
    hints = [pid, ...hints.filter((hint) => hint !== pid)].slice(0, mostHints);
    return { kind: "program", pid };
  }

  function userOf(pid: number): number | null {
    const effective = /^Uid:\s+\d+\s+(\d+)/m.exec(proc.read(`/proc/${pid}/status`) ?? "")?.[1];
    return effective === undefined ? null : Number(effective);
  }

  return {
    find(peer, own, maySearch) {
      const before = amongRefused(peer, own);
      if (before !== null) return before;
      let last: Owner = { kind: "gone" };
      for (let count = 0; count < mostLooks; count += 1) {
        const row = look(peer, own, "fresh");
        if (typeof row === "string") {
          // Only a second look tells an end that is elsewhere from one that was reset in between.
          if (row !== "elsewhere" || last.kind === "elsewhere") return { kind: row };
          last = { kind: row };
          continue;
        }
        if (row.inode === "0") return { kind: "gone" };
        const { owner, isSure } = ownerOf(row, maySearch);
        if (isSure) return owner;
        if (owner.kind === "hidden" || last.kind !== "hidden") last = owner;
      }
      return last;
    },
    between(address, ports) {
      const tables = (["tcp", "tcp6"] as const).map((name) => snapshot.table(name, "fresh"));
      const rows = tables.flatMap((table) => [...(table?.values() ?? [])].flat().flatMap((row) => toRow(row) ?? []));
      const own = rows.filter(
        ({ local, remote, inode }) => local.address === address && remote.address === address && inode !== "0",
      );
      const toPorts = own.filter(({ remote }) => ports.includes(remote.port));
      const owners = (toPorts.length === 0 ? own : toPorts).map((row) => ownerOf(row).owner);
      return owners.filter(({ kind }) => kind !== "gone");
    },
    noteRefused(pid) {
      hints = hints.filter((hint) => hint !== pid);
      refused.delete(pid);
      refused.set(pid, now() + refusedForMs);
      for (const old of [...refused.keys()].slice(0, -mostRefused)) refused.delete(old);
    },
  };
}

const rowPattern =
  /^ *\d+: ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]{2}) \S+ \S+ \S+ +(\d+) +\d+ (\d+)/;

/** A row of a `/proc/net/tcp` or `tcp6` table. */
function toRow(text: string): SocketRow | null {
  const match = rowPattern.exec(text);
  if (match === null) return null;
  const [, from = "", fromPort = "", to = "", toPort = "", state, user, inode] = match;
  return {
    local: { address: addressFromHex(from), port: Number.parseInt(fromPort, 16) },
    remote: { address: addressFromHex(to), port: Number.parseInt(toPort, 16) },
    isEstablished: state === established,
    userId: Number(user),
    inode: inode ?? "0",
  };
}

function rowsBetween(table: Map<string, string[]>, local: End, remote: End): SocketRow[] {
  const rows = (table.get(`${hex(local.port)}:${hex(remote.port)}`) ?? []).flatMap((row) => toRow(row) ?? []);
  return rows.filter((row) => isSame(row.local, local) && isSame(row.remote, remote));
}

function hex(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, "0");
}

function isSame(one: End, other: End): boolean {
  return one.port === other.port && one.address === other.address;
}
