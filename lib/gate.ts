import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { BlockList, isIP, type Socket } from "node:net";
import { hostname, networkInterfaces } from "node:os";

import type { Env } from "./env.ts";
import type { GuestRefusal, Guests } from "./guests.ts";
import type { Logger } from "./logger.ts";
import { createLocalPrograms, type LocalPrograms, type ProgramRefusal } from "./local-programs.ts";
import { isLoopback } from "./loopback.ts";
import { answerRefusal, guestReasons, programReasons } from "./gate-answer.ts";
import { readTailnet, type Tailnet } from "./tailnet.ts";

export interface GateOptions {
  /** Who may connect: this machine only, or this machine, the tailnet and the networks of the settings. */
  peers: "loopback" | "tailnet";
  /** Ports under which the panel may be addressed: the own one, and those of proxies in front of it. */
  ports: readonly number[];
  env: Pick<Env, "allowedHosts" | "allowedPeers" | "dataDir" | "ports">;
  logger: Logger;
  /** Replaced in tests. */
  machine?: () => Promise<MachineNames>;
  /** Who of the allowed peers may come in; all of them when left out. */
  guests?: Guests;
  /** Told of each request a guest was refused. */
  onGuestRefused?: (request: IncomingMessage, reason: GuestRefusal) => void;
  /** Judges programs of this machine; replaced in tests. */
  programs?: LocalPrograms;
  /** What programs of runs may ask for all the same: something that knows them by a token of theirs. */
  isOpenToRuns?: (request: IncomingMessage) => boolean;
  /** What a page of another site may send a browser to all the same; nothing when left out. */
  isLanding?: (request: IncomingMessage) => boolean;
  /** Told once of each request that was refused for the program it came from. */
  onProgramRefused?: (request: IncomingMessage, refusal: ProgramRefusal) => void;
}

export interface MachineNames {
  names: string[];
  tailnet: Tailnet;
}

export type Verdict = { ok: true } | { ok: false; reason: string; status: 400 | 403 };

/** Decides who may talk to a listener. Judged on the socket and the raw headers, before any handler. */
export interface Gate {
  isPeerAllowed(address: string | undefined): boolean;
  judge(request: IncomingMessage): Verdict;
  /** `judge`, then the list of guests; a promise only while somebody has to be asked for the caller's name. */
  judgeCaller(request: IncomingMessage): Verdict | Promise<Verdict>;
  /** Cuts foreign peers at connection time, before a byte is answered. */
  protect(server: Server): void;
  /** Judges and answers a refusal, or calls `go`. What runs on is cut when its caller is taken off the list. */
  admit(request: IncomingMessage, response: ServerResponse, go: () => void): void;
  /** Calls `cut` once the caller of an admitted request is no longer let in; returns how to let it go. */
  hold(request: IncomingMessage, cut: () => void): () => void;
  /** What keeps the program a request comes from away from PortOS: a run it belongs to, or that it cannot be told; `null` for everybody else. */
  runProgramOf(request: IncomingMessage): ProgramRefusal | null;
  /** MagicDNS name of this machine, or "". */
  ownName(): string;
  refresh(): Promise<void>;
}

const refreshAfterMs = 30_000;
const hostPattern = /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9](?:[a-z0-9._-]{0,252}))(?::([1-9]\d{0,4}))?$/;

/** Builds a gate. Call `refresh()` once at start so that tailnet names are known. */
export function createGate(options: GateOptions): Gate {
  const { env, logger, machine = readMachine } = options;
  const programs = options.programs ?? createLocalPrograms({ dataDir: env.dataDir, logger, uiPort: env.ports.ui });
  const judgeProgram = onceEach(programs, options.onProgramRefused);
  const isOfRun = (request: IncomingMessage): boolean => programs.refusal(request)?.reason === "agent";
  const peers = peerList(options.peers, env.allowedPeers);
  let known: MachineNames = { names: localNames(), tailnet: { state: "absent", dnsName: "", addresses: [] } };
  let refreshedAt = -Infinity;

  async function refresh(): Promise<void> {
    refreshedAt = performance.now();
    known = await machine();
  }

  function isHostOurs(authority: string): boolean {
    const match = hostPattern.exec(authority);
    if (!match) return false;
    const name = match[1] ?? "";
    const port = match[2] === undefined ? undefined : Number(match[2]);
    if (env.allowedHosts.some((allowed) => allowed.toLowerCase() === authority)) return true;
    if (port === undefined) return known.tailnet.dnsName !== "" && name === known.tailnet.dnsName; // tailscale serve, port 443
    if (!options.ports.includes(port)) return false;
    return known.names.includes(name) || env.allowedHosts.some((allowed) => allowed.toLowerCase() === name);
  }

  function judge(request: IncomingMessage): Verdict {
    if (!isPeerAllowed(request.socket.remoteAddress)) return refuse("peer");
    if (request.headers["tailscale-funnel-request"] !== undefined) return refuse("funnel");
    if (countHeader(request, "host") !== 1) return { ok: false, reason: "host", status: 400 };
    const host = (request.headers.host ?? "").toLowerCase();
    if (!isHostOurs(host)) {
      if (performance.now() - refreshedAt > refreshAfterMs) void refresh();
      return refuse("host");
    }
    if (countHeader(request, "origin") > 1) return refuse("origin");
    const { origin } = request.headers;
    if (origin !== undefined && !isOriginOurs(origin, request)) return refuse("origin");
    const site = request.headers["sec-fetch-site"];
    if (isForeign(site) && options.isLanding?.(request) !== true) return refuse("site");
    const program = options.isOpenToRuns?.(request) === true && isOfRun(request) ? null : judgeProgram(request);
    return program === null ? { ok: true } : refuse(program.reason);
  }

  function isOriginOurs(origin: string, request: IncomingMessage): boolean {
    const match = /^(https?):\/\/([^/]+)$/.exec(origin);
    if (!match) return false;
    const isSecure = isLoopback(request.socket.remoteAddress) && request.headers["x-forwarded-proto"] === "https";
    return match[1] === (isSecure ? "https" : "http") && isHostOurs(match[2] ?? "");
  }

  function isPeerAllowed(address: string | undefined): boolean {
    const plain = (address ?? "").replace(/^::ffff:/i, "").replace(/%.*$/, "");
    const family = isIP(plain);
    return family !== 0 && peers.check(plain, family === 6 ? "ipv6" : "ipv4");
  }

  const { guests, onGuestRefused } = options;
  const held = new Set<{ request: IncomingMessage; cut: () => void }>();
  guests?.subscribe(() => {
    for (const entry of held) void reconsider(entry);
  });

  async function reconsider(entry: { request: IncomingMessage; cut: () => void }): Promise<void> {
    const reason = (await guests?.refusal(entry.request)) ?? null;
    if (reason === null || !held.delete(entry)) return;
    onGuestRefused?.(entry.request, reason);
    entry.cut();
  }

  function judgeCaller(request: IncomingMessage): Verdict | Promise<Verdict> {
    const verdict = judge(request);
    if (!verdict.ok || guests === undefined) return verdict;
    const toVerdict = (reason: GuestRefusal | null): Verdict => {
      if (reason === null) return verdict;
      onGuestRefused?.(request, reason);
      return refuse(reason);
    };
    const reason = guests.refusal(request);
    return reason instanceof Promise ? reason.then(toVerdict) : toVerdict(reason);
  }

  function hold(request: IncomingMessage, cut: () => void): () => void {
    if (guests === undefined) return () => undefined;
    const entry = { request, cut };
    held.add(entry);
    return () => held.delete(entry);
  }

  function finish(request: IncomingMessage, response: ServerResponse, verdict: Verdict, go: () => void): void {
    if (response.destroyed) return; // went away while its name was asked for
    if (verdict.ok) {
      const release = hold(request, () => request.socket.destroy());
      response.once("close", release);
      go();
      return;
    }
    if (!guestReasons.has(verdict.reason) && !programReasons.has(verdict.reason))
      logger.warn("Refused a request at the gate", {
        reason: verdict.reason,
        method: request.method,
        host: request.headers.host,
        origin: request.headers.origin,
      });
    answerRefusal(request, response, verdict);
  }

  return {
    isPeerAllowed,
    judge,
    judgeCaller,
    hold,
    runProgramOf: (request) => programs.refusal(request),
    ownName: () => known.tailnet.dnsName,
    refresh,
    protect(server) {
      server.on("connection", (socket: Socket) => {
        if (isPeerAllowed(socket.remoteAddress)) return;
        logger.warn("Refused a connection from outside", { address: socket.remoteAddress });
        socket.destroy();
      });
    },
    admit(request, response, go) {
      const verdict = judgeCaller(request);
      if (!(verdict instanceof Promise)) finish(request, response, verdict, go);
      else
        void verdict.then((late) => {
          finish(request, response, late, go);
        });
    },
  };
}

/** A request is judged at several places, and its refusal told at the first. */
function onceEach(programs: LocalPrograms, onRefused: GateOptions["onProgramRefused"]) {
  const told = new WeakSet<IncomingMessage>();
  return (request: IncomingMessage): ProgramRefusal | null => {
    const refusal = programs.refusal(request);
    if (refusal === null || told.has(request)) return refusal;
    told.add(request);
    onRefused?.(request, refusal);
    return refusal;
  };
}

/** Neither a page of ours nor the user's own typing sent it. */
function isForeign(site: string | string[] | undefined): boolean {
  return site !== undefined && site !== "same-origin" && site !== "none";
}

function refuse(reason: string): Verdict {
  return { ok: false, reason, status: 403 };
}

function peerList(kind: "loopback" | "tailnet", more: readonly string[]): BlockList {
  const list = new BlockList();
  list.addSubnet("127.0.0.0", 8, "ipv4");
  list.addAddress("::1", "ipv6");
  if (kind === "loopback") return list;
  list.addSubnet("100.64.0.0", 10, "ipv4");
  list.addSubnet("fd7a:115c:a1e0::", 48, "ipv6");
  for (const network of more) {
    const [address = "", bits] = network.split("/");
    const family = isIP(address);
    if (family === 0) throw new Error(`PORTOS_ALLOWED_PEERS: ${network} is not a network like 192.168.1.0/24`);
    list.addSubnet(
      address,
      bits === undefined ? (family === 6 ? 128 : 32) : Number(bits),
      family === 6 ? "ipv6" : "ipv4",
    );
  }
  return list;
}

function countHeader(request: IncomingMessage, name: string): number {
  let count = 0;
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    if (request.rawHeaders[index]?.toLowerCase() === name) count += 1;
  }
  return count;
}

function localNames(): string[] {
  const host = hostname().toLowerCase();
  const addresses = Object.values(networkInterfaces()).flatMap((entries) =>
    (entries ?? []).map(({ address, family }) => (family === "IPv6" ? `[${address}]` : address)),
  );
  return ["localhost", "127.0.0.1", "[::1]", host, ...(host.includes(".") ? [] : [`${host}.local`]), ...addresses];
}

async function readMachine(): Promise<MachineNames> {
  const tailnet = await readTailnet();
  const short = tailnet.dnsName.split(".")[0] ?? "";
  const addresses = tailnet.addresses.map((address) => (address.includes(":") ? `[${address}]` : address));
  return { names: [...localNames(), ...(short ? [tailnet.dnsName, short] : []), ...addresses], tailnet };
}
