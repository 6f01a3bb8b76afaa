import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { networkInterfaces } from "node:os";

import { forwardedFor, plainAddress } from "./callers.ts";
import type { Logger } from "./logger.ts";
import { isLoopback } from "./loopback.ts";
import {
  createConnectionOwners,
  refusedForMs,
  type ConnectionOwners,
  type Owner,
} from "./processes/connection-owner.ts";
import { systemProc, type ProcReader } from "./processes/proc-reader.ts";
import { createRunMembers, isOfSshd, type RunMembers } from "./processes/run-members.ts";

/** Why a program of this machine is refused. */
export interface ProgramRefusal {
  /** `agent`: it belongs to a run. `gone`: it went away before it could be known. `busy`: programs of runs ask so much that it is not looked for. */
  reason: "agent" | "gone" | "busy";
  /** What it is called in the history. */
  name: string;
  /** The run it belongs to, as far as that is known. */
  runId?: string | null;
}

/** Judges the programs of this machine that ask for something. */
export interface LocalPrograms {
  /** `null` when the program may. It is looked up once per connection. */
  refusal(request: IncomingMessage): ProgramRefusal | null;
}

export interface LocalProgramsOptions {
  dataDir: string;
  logger: Logger;
  /** Where portos-ui listens, which passes requests on. */
  uiPort: number;
  /** Replaced in tests. */
  proc?: ProcReader;
  /** Replaced in tests. */
  userId?: number;
  /** In milliseconds, never set back; replaced in tests. */
  now?: () => number;
}

/** Where `tailscale serve` listens; any other port counts only when nothing of this machine ends at these. */
const servePorts = [443, 8443];
const addressesFreshMs = 5_000;
/** So much of each second may be spent on searching for programs that are refused then; beyond it only those who connected last are known. */
const mostRefusingMs = 200;
const mostRefused = 200;

/**
 * Refuses the programs that runs of this PortOS have started: an agent must not answer its own question. Linux only:
 * elsewhere the system tells nothing that could be asked for at each connection, and nobody is refused.
 */
export function createLocalPrograms(options: LocalProgramsOptions): LocalPrograms {
  const { dataDir, logger, uiPort, proc = systemProc, userId = process.getuid?.() ?? 0 } = options;
  const { now = () => performance.now() } = options;
  const verdicts = new WeakMap<Socket, ProgramRefusal | null>();
  const isHere = createAddressBook();
  let parts: { owners: ConnectionOwners; members: RunMembers } | null = null;
  let hasWarned = false;
  /** By process; a no is no less true a second later, and a yes is never kept. */
  const refused = new Map<number, { refusal: ProgramRefusal; until: number }>();
  const effort = createEffort(now);

  function judgeOwner(owner: Owner): ProgramRefusal | null {
    if (owner.kind === "gone") return { reason: "gone", name: "a program that is gone" };
    if (owner.kind === "unsought") return { reason: "busy", name: "a program that is not known" };
    if (owner.kind === "unknown") warnOnce();
    if (owner.kind === "hidden") return judgeHidden(owner.pids);
    return owner.kind === "program" ? judgeProcess(owner.pid) : null;
  }

  function judgeProcess(pid: number): ProgramRefusal | null {
    const known = refused.get(pid);
    if (known !== undefined && now() < known.until) return known.refusal;
    const member = parts?.members.find(pid) ?? null;
    if (member === null) return null;
    const { runId } = member;
    const refusal: ProgramRefusal = { reason: "agent", name: nameOf(pid, runId), runId };
    parts?.owners.noteRefused(pid);
    if (refused.size >= mostRefused) refused.clear();
    refused.set(pid, { refusal, until: now() + refusedForMs });
    return refusal;
  }

  /** With a program of a run among them, only what may hold a tunnel of the user's speaks for letting in. */
  function judgeHidden(pids: number[]): ProgramRefusal | null {
    const judged = pids.map((pid) => ({ pid, refusal: judgeProcess(pid) }));
    const worst = judged.find(({ refusal }) => refusal !== null)?.refusal ?? null;
    return judged.some(({ pid, refusal }) => refusal === null && isOfSshd(proc, pid)) ? null : worst;
  }

  function judgeSocket({ remoteAddress, remotePort, localAddress, localPort }: Socket): ProgramRefusal | null {
    const address = plainAddress(remoteAddress);
    if (remotePort === undefined || localPort === undefined || !isHere(address)) return null;
    parts ??= { owners: createConnectionOwners({ proc, userId, now }), members: createRunMembers({ proc, dataDir }) };
    const own = { address: plainAddress(localAddress), port: localPort };
    const startedAt = now();
    const search = { isBegun: false };
    const maySearch = (): boolean => (search.isBegun = effort.isLeft());
    const verdict = judgeOwner(parts.owners.find({ address, port: remotePort }, own, maySearch));
    // Whoever is known already costs little, and is to keep nobody out by asking often.
    if (verdict !== null && search.isBegun) effort.add(now() - startedAt);
    return verdict;
  }

  /** Came through a proxy of this machine (`tailscale serve`, portos-ui) from one of its own addresses: any program that has such a connection to it may be it. */
  function judgeForwarded(request: IncomingMessage): ProgramRefusal | null {
    if (!isLoopback(plainAddress(request.socket.remoteAddress)) || parts === null) return null;
    const address = forwardedFor(request);
    if (address === "" || !isHere(address)) return null;
    const owners = parts.owners.between(address, [...servePorts, uiPort]);
    const judged = owners.length === 0 ? [judgeOwner({ kind: "gone" })] : owners.map(judgeOwner);
    return judged.find((one) => one !== null) ?? null;
  }

  function nameOf(pid: number, runId: string | null): string {
    const command = proc.read(`/proc/${pid}/comm`)?.trim() ?? "";
    return `${command === "" ? "a program" : command} of ${runId === null ? "a run" : `run ${runId}`}`.slice(0, 200);
  }

  function warnOnce(): void {
    if (hasWarned) return;
    hasWarned = true;
    logger.warn("This system does not tell which program connects: it is let in, and a program of an agent would be");
  }

  return {
    refusal(request) {
      if (process.platform !== "linux") return null;
      const { socket } = request;
      let verdict = verdicts.get(socket);
      if (verdict === undefined) {
        verdict = judgeSocket(socket);
        verdicts.set(socket, verdict);
      }
      return verdict ?? judgeForwarded(request);
    },
  };
}

/** What refusing has cost lately: it is forgotten at the rate it may be spent. */
function createEffort(now: () => number): { isLeft(): boolean; add(ms: number): void } {
  let spentMs = 0;
  let at = now();
  const settle = (): void => {
    spentMs = Math.max(0, spentMs - ((now() - at) / 1_000) * mostRefusingMs);
    at = now();
  };
  return {
    isLeft() {
      settle();
      return spentMs < mostRefusingMs;
    },
    add(ms) {
      settle();
      spentMs += ms;
    },
  };
}

/** Tells whether an address is one of this machine. */
function createAddressBook(): (address: string) => boolean {
  let known = { addresses: new Set<string>(), until: -Infinity };
  return (address) => {
    if (isLoopback(address)) return true;
    if (known.until < performance.now()) {
      const all = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
      known = {
        addresses: new Set(all.map((entry) => plainAddress(entry.address))),
        until: performance.now() + addressesFreshMs,
      };
    }
    return known.addresses.has(address);
  };
}
