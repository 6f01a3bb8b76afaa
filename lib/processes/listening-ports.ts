import { readdir, readFile, readlink } from "node:fs/promises";

import { runCommand } from "./run-command.ts";

export interface ListeningPort {
  port: number;
  /** Address as text: "0.0.0.0", "::", "127.0.0.1". */
  address: string;
  /** `null` when the owner belongs to another user. */
  pid: number | null;
  /** Command line of the owner, at most 300 characters. */
  command: string | null;
}

/** Every TCP port this machine listens on, with its owner where it may be known: `/proc` on Linux, `lsof` elsewhere. */
export async function listeningPorts(): Promise<ListeningPort[]> {
  return process.platform === "linux" ? fromProc() : fromLsof();
}

const listenState = "0A";

async function fromProc(): Promise<ListeningPort[]> {
  const tables = await Promise.all(["/proc/net/tcp", "/proc/net/tcp6"].map((file) => readOr(file, "")));
  const sockets = tables.flatMap(parseSocketTable);
  const owners = await ownersOf(new Set(sockets.map(({ inode }) => inode)));
  return sockets.map(({ port, address, inode }) => {
    const owner = owners.get(inode);
    return { port, address, pid: owner?.pid ?? null, command: owner?.command ?? null };
  });
}

/** Listening sockets of a `/proc/net/tcp` or `tcp6` table; its addresses are 32-bit words in the machine's byte order. */
export function parseSocketTable(table: string): { port: number; address: string; inode: string }[] {
  return table
    .split("\n")
    .slice(1)
    .flatMap((line) => {
      const [, local = "", , state, , , , , , inode = ""] = line.trim().split(/\s+/);
      const [addressHex = "", portHex = ""] = local.split(":");
      if (state !== listenState || inode === "") return [];
      return [{ port: Number.parseInt(portHex, 16), address: addressFromHex(addressHex), inode }];
    });
}

/** An address of these tables as canonical text; an IPv4 address in IPv6 as IPv4. */
export function addressFromHex(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => [...Buffer.from(word, "hex")].toReversed());
  if (bytes.length === 4) return bytes.join(".");
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
  if (isMapped) return bytes.slice(12).join(".");
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0)).toString(16),
  );
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}

async function ownersOf(inodes: ReadonlySet<string>): Promise<Map<string, { pid: number; command: string }>> {
  const owners = new Map<string, { pid: number; command: string }>();
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  await Promise.all(
    pids.map(async (pid) => {
      const held = await socketsOf(pid, inodes);
      if (held.length === 0) return;
      const command = (await readOr(`/proc/${pid}/cmdline`, "")).replaceAll("\0", " ").trim().slice(0, 300);
      for (const inode of held) owners.set(inode, { pid: Number(pid), command });
    }),
  );
  return owners;
}

async function socketsOf(pid: string, inodes: ReadonlySet<string>): Promise<string[]> {
  try {
    const folder = `/proc/${pid}/fd`;
    const links = await Promise.all(
      (await readdir(folder)).map((name) => readlink(`${folder}/${name}`).catch(() => "")),
    );
    return links.flatMap((link) => {
      const inode = /^socket:\[(\d+)\]$/.exec(link)?.[1];
      return inode !== undefined && inodes.has(inode) ? [inode] : [];
    });
  } catch {
    return []; // another user's process, or it has just ended
  }
}

async function readOr(file: string, fallback: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch {
    return fallback; // no IPv6, or the process has just ended
  }
}

async function fromLsof(): Promise<ListeningPort[]> {
  const { stdout } = await runCommand("lsof", ["-nP", "-iTCP", "-sTCP:LISTEN", "-F", "pcn"], { timeoutMs: 5_000 });
  return parseLsof(stdout);
}

/** Field output of `lsof -F pcn`: a line per field, `p` pid, `c` command, `n` address and port. */
export function parseLsof(output: string): ListeningPort[] {
  let pid: number | null = null;
  let command: string | null = null;
  return output.split("\n").flatMap((line) => {
    const value = line.slice(1);
    if (line.startsWith("p")) pid = Number(value);
    else if (line.startsWith("c")) command = value;
    else if (line.startsWith("n")) {
      const colon = value.lastIndexOf(":");
      const host = value.slice(0, colon).replace(/^\[|\]$/g, "");
      return [{ port: Number(value.slice(colon + 1)), address: host === "*" ? "0.0.0.0" : host, pid, command }];
    }
    return [];
  });
}
