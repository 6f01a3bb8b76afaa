import { addressFromHex } from "./listening-ports.ts";
import { processNumbers, showsAllProcesses, type ProcReader } from "./proc-reader.ts";

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
  | { kind: "unknown" };

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
  /** Who holds the end `peer` of a connection that ends at `own` here. */
  find(peer: End, own: End): Owner;
  /** Who hold connections of this machine's address to itself that end at one of these ports; at any where none does. */
  between(address: string, ports: readonly number[]): Owner[];
}

const established = "01";
/** A table is not read in one moment, and a program may hand its socket on meanwhile. */
const mostLooks = 3;
const mostHints = 12;

/** Finds the process at the other end of a connection within this machine, as `/proc` shows it. */
export function createConnectionOwners({ proc, userId }: { proc: ProcReader; userId: number }): ConnectionOwners {
  /** Who held connections last: whoever connects once connects again. */
  let hints: number[] = [];
  const seesAll = showsAllProcesses(proc);

  function look(peer: End, own: End): SocketRow | "elsewhere" | "gone" | "unknown" {
    let isOpenHere = false;
    let hasTable = false;
    const names = peer.address.includes(":") ? ["tcp6"] : ["tcp", "tcp6"];
    for (const name of names) {
      const table = proc.read(`/proc/net/${name}`);
      if (table === null) continue;
      hasTable = true;
      const row = rowsWith(table, peer.port, own.port).find(
        ({ local, remote }) => isSame(local, peer) && isSame(remote, own),
      );
      if (row) return row.inode === "0" ? "gone" : row;
      isOpenHere ||= rowsWith(table, own.port, peer.port).some(
        ({ local, remote, isEstablished }) => isEstablished && isSame(local, own) && isSame(remote, peer),
      );
    }
    if (!hasTable) return "unknown";
    return isOpenHere ? "elsewhere" : "gone";
  }

  /** Not sure when processes came or went meanwhile: a program may have handed its socket to a child it started. */
  function ownerOf({ inode, userId: owner }: SocketRow): { owner: Owner; isSure: boolean } {
    if (userId !== 0 && owner === 0) return { owner: { kind: "elsewhere" }, isSure: true };
    const known = hints.find((pid) => holds(pid, inode) === true);
    if (known !== undefined) return { owner: found(known), isSure: true };
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
    find(peer, own) {
      let last: Owner = { kind: "gone" };
      for (let count = 0; count < mostLooks; count += 1) {
        const row = look(peer, own);
        if (typeof row === "string") {
          // Only a second look tells an end that is elsewhere from one that was reset in between.
          if (row !== "elsewhere" || last.kind === "elsewhere") return { kind: row };
          last = { kind: row };
          continue;
        }
        const { owner, isSure } = ownerOf(row);
        if (isSure) return owner;
        if (owner.kind === "hidden" || last.kind !== "hidden") last = owner;
      }
      return last;
    },
    between(address, ports) {
      const tables = ["tcp", "tcp6"].map((name) => proc.read(`/proc/net/${name}`) ?? "");
      const rows = tables.flatMap((table) => rowsWith(table, null, null));
      const own = rows.filter(
        ({ local, remote, inode }) => local.address === address && remote.address === address && inode !== "0",
      );
      const toPorts = own.filter(({ remote }) => ports.includes(remote.port));
      const owners = (toPorts.length === 0 ? own : toPorts).map((row) => ownerOf(row).owner);
      return owners.filter(({ kind }) => kind !== "gone");
    },
  };
}

/** Rows of a `/proc/net/tcp` or `tcp6` table with these ports. */
function rowsWith(table: string, localPort: number | null, remotePort: number | null): SocketRow[] {
  const [local, remote] = [localPort, remotePort].map((port) => (port === null ? "[0-9A-F]{4}" : hex(port)));
  const pattern = new RegExp(
    `^ *\\d+: ([0-9A-F]+):(${local}) ([0-9A-F]+):(${remote}) ([0-9A-F]{2}) \\S+ \\S+ \\S+ +(\\d+) +\\d+ (\\d+)`,
    "gm",
  );
  return [...table.matchAll(pattern)].map(([, from = "", fromPort = "", to = "", toPort = "", state, user, inode]) => ({
    local: { address: addressFromHex(from), port: Number.parseInt(fromPort, 16) },
    remote: { address: addressFromHex(to), port: Number.parseInt(toPort, 16) },
    isEstablished: state === established,
    userId: Number(user),
    inode: inode ?? "0",
  }));
}

function hex(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, "0");
}

function isSame(one: End, other: End): boolean {
  return one.port === other.port && one.address === other.address;
}
