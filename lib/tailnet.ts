import { existsSync } from "node:fs";
import { request } from "node:http";
import { networkInterfaces } from "node:os";

import { z } from "zod";

const socketPaths = ["/var/run/tailscale/tailscaled.sock", "/run/tailscale/tailscaled.sock"];

/** The part of LocalAPI's /status that PortOS uses; field names are Tailscale's. */
const statusSchema = z.object({
  BackendState: z.string(),
  Self: z
    .object({ DNSName: z.string().default(""), TailscaleIPs: z.array(z.string()).nullable().default([]) })
    .nullish(),
});

const whoisSchema = z.object({
  Node: z.object({ Name: z.string().default(""), Tags: z.array(z.string()).nullish() }),
  UserProfile: z.object({ LoginName: z.string().default(""), DisplayName: z.string().default("") }).nullish(),
});

export interface Tailnet {
  state: "absent" | "stopped" | "running";
  /** MagicDNS name of this machine without the trailing dot, or "". */
  dnsName: string;
  addresses: string[];
}

/** Asks the local Tailscale daemon (LocalAPI over its Unix socket) who we are. Never throws; two seconds at most. */
export async function readTailnet(): Promise<Tailnet> {
  const absent: Tailnet = { state: "absent", dnsName: "", addresses: [] };
  const socketPath = socketPaths.find((path) => existsSync(path));
  if (!socketPath) return absent;
  const parsed = statusSchema.safeParse((await ask(socketPath, "/localapi/v0/status")).body);
  if (!parsed.success) return absent;
  return {
    state: parsed.data.BackendState === "Running" ? "running" : "stopped",
    dnsName: (parsed.data.Self?.DNSName ?? "").replace(/\.$/, "").toLowerCase(),
    addresses: parsed.data.Self?.TailscaleIPs ?? [],
  };
}

export interface TailnetPeer {
  login: string;
  name: string;
  node: string;
  isTagged: boolean;
}

/** What Tailscale says to the question who an address belongs to. */
export type Whois = { kind: "known"; peer: TailnetPeer } | { kind: "unknown" } | { kind: "unreachable" };

/** Asks Tailscale who a tailnet address, or a connection it made for somebody, belongs to. Never throws. */
export async function whois(address: string, port: number | undefined): Promise<Whois> {
  const socketPath = socketPaths.find((path) => existsSync(path));
  if (!socketPath) return { kind: "unreachable" };
  const target = address.includes(":") ? `[${address}]` : address;
  const { status, body } = await ask(
    socketPath,
    `/localapi/v0/whois?addr=${encodeURIComponent(port === undefined ? address : `${target}:${port}`)}`,
  );
  if (status === 404) return { kind: "unknown" };
  const parsed = whoisSchema.safeParse(body);
  if (!parsed.success) return { kind: "unreachable" };
  const { Node, UserProfile } = parsed.data;
  return {
    kind: "known",
    peer: {
      login: UserProfile?.LoginName ?? "",
      name: UserProfile?.DisplayName ?? "",
      node: Node.Name.replace(/\.$/, ""),
      isTagged: (Node.Tags?.length ?? 0) > 0,
    },
  };
}

/** 100.64.0.0/10 and fd7a:115c:a1e0::/48, the ranges Tailscale hands out. */
export function isTailnetAddress(address: string): boolean {
  const [first, second] = address.split(".").map(Number);
  if (first === 100 && second !== undefined) return second >= 64 && second <= 127;
  return address.toLowerCase().startsWith("fd7a:115c:a1e0:");
}

/** The Tailscale of this machine. */
export interface Tailscale {
  read(): Promise<Tailnet>;
  whois(address: string, port: number | undefined): Promise<Whois>;
  /** Whether a network interface of this machine owns a tailnet address; without one, peers look like this machine. */
  hasInterface(): boolean;
  /** Whether a daemon is there to be asked. */
  isInstalled(): boolean;
}

/** The one that runs here. */
export const systemTailscale: Tailscale = {
  read: readTailnet,
  whois,
  hasInterface: () =>
    Object.values(networkInterfaces()).some((entries) =>
      (entries ?? []).some((entry) => isTailnetAddress(entry.address)),
    ),
  isInstalled: () => socketPaths.some((path) => existsSync(path)),
};

const noAnswer = { status: 0, body: null };

function ask(socketPath: string, path: string): Promise<{ status: number; body: unknown }> {
  return new Promise((resolve) => {
    const call = request(
      { socketPath, path, headers: { Host: "local-tailscaled.sock" }, signal: AbortSignal.timeout(2000) },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          const status = response.statusCode ?? 0;
          try {
            resolve({ status, body: status === 200 ? JSON.parse(Buffer.concat(chunks).toString("utf8")) : null });
          } catch {
            resolve(noAnswer); // not JSON: the same as no answer
          }
        });
        response.on("error", () => {
          resolve(noAnswer);
        });
      },
    );
    call.on("error", () => {
      resolve(noAnswer);
    });
    call.end();
  });
}
