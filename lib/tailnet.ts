import { existsSync } from "node:fs";
import { request } from "node:http";

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
  const parsed = statusSchema.safeParse(await ask(socketPath, "/localapi/v0/status"));
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

/** Who a tailnet address belongs to, or `null` when Tailscale does not know it. Never throws. */
export async function whois(address: string, port: number | undefined): Promise<TailnetPeer | null> {
  const socketPath = socketPaths.find((path) => existsSync(path));
  if (!socketPath) return null;
  const target = address.includes(":") ? `[${address}]` : address;
  const parsed = whoisSchema.safeParse(
    await ask(
      socketPath,
      `/localapi/v0/whois?addr=${encodeURIComponent(port === undefined ? address : `${target}:${port}`)}`,
    ),
  );
  if (!parsed.success) return null;
  const { Node, UserProfile } = parsed.data;
  return {
    login: UserProfile?.LoginName ?? "",
    name: UserProfile?.DisplayName ?? "",
    node: Node.Name.replace(/\.$/, ""),
    isTagged: (Node.Tags?.length ?? 0) > 0,
  };
}

function ask(socketPath: string, path: string): Promise<unknown> {
  return new Promise((resolve) => {
    const call = request(
      { socketPath, path, headers: { Host: "local-tailscaled.sock" }, signal: AbortSignal.timeout(2000) },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          try {
            resolve(response.statusCode === 200 ? JSON.parse(Buffer.concat(chunks).toString("utf8")) : null);
          } catch {
            resolve(null); // not JSON: the same as no answer
          }
        });
        response.on("error", () => {
          resolve(null);
        });
      },
    );
    call.on("error", () => {
      resolve(null);
    });
    call.end();
  });
}
