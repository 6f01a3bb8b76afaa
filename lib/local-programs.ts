import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { networkInterfaces } from "node:os";

import { forwardedFor, plainAddress } from "./callers.ts";
import type { Logger } from "./logger.ts";
import { isLoopback } from "./loopback.ts";
import { createConnectionOwners, type ConnectionOwners, type Owner } from "./processes/connection-owner.ts";
import { systemProc, type ProcReader } from "./processes/proc-reader.ts";
import { createRunMembers, isOfSshd, type RunMembers } from "./processes/run-members.ts";

/** Why a program of this machine is refused. */
export interface ProgramRefusal {
  /** `agent`: it belongs to a run. `gone`: it went away before it could be known. */
  reason: "agent" | "gone";
  /** What it is called in the history. */
  name: string;
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
}

/** Where `tailscale serve` listens; any other port counts only when nothing of this machine ends at these. */
const servePorts = [443, 8443];
const addressesFreshMs = 5_000;

/**
 * Refuses the programs that runs of this PortOS have started: an agent must not answer its own question. Linux only:
 * elsewhere the system tells nothing that could be asked for at each connection, and nobody is refused.
 */
export function createLocalPrograms(options: LocalProgramsOptions): LocalPrograms {
  const { dataDir, logger, uiPort, proc = systemProc, userId = process.getuid?.() ?? 0 } = options;
  const verdicts = new WeakMap<Socket, ProgramRefusal | null>();
  const isHere = createAddressBook();
  let parts: { owners: ConnectionOwners; members: RunMembers } | null = null;
  let hasWarned = false;

  function judgeOwner(owner: Owner): ProgramRefusal | null {
    if (owner.kind === "gone") return { reason: "gone", name: "a program that is gone" };
    if (owner.kind === "unknown") warnOnce();
    if (owner.kind === "hidden") return judgeHidden(owner.pids);
    return owner.kind === "program" ? judgeProcess(owner.pid) : null;
  }

  function judgeProcess(pid: number): ProgramRefusal | null {
    const member = parts?.members.find(pid) ?? null;
    return member && { reason: "agent", name: nameOf(pid, member.runId) };
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
    parts ??= { owners: createConnectionOwners({ proc, userId }), members: createRunMembers({ proc, dataDir }) };
    const own = { address: plainAddress(localAddress), port: localPort };
    return judgeOwner(parts.owners.find({ address, port: remotePort }, own));
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
