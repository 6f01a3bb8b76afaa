import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";

import type { DoctorStep } from "../../../contract/features/connectors.ts";
import { CallFailure } from "../../../lib/guarded-http/call-failure.ts";
import type { OperationContext } from "../../connectors/framework/define-connector.ts";
import { toGatewayError } from "../../connectors/framework/to-gateway-error.ts";
import type { DoctorTarget } from "./doctor-targets.ts";

type Name = DoctorStep["step"];
type Network = Pick<OperationContext<unknown>, "dial" | "http" | "clock">;
type Found = Pick<DoctorStep, "verdict" | "message" | "hint">;

const dayMs = 86_400_000;
const soonDays = 21;
/** Signatures with a time in them are refused beyond this. */
const badSkewMs = 5 * 60_000;
const oddSkewMs = 30_000;

/** Looks at one target, step by step, as a call would meet them; never rejects. */
export async function examine(target: DoctorTarget, network: Network, monotonic: () => number): Promise<DoctorStep[]> {
  const steps: DoctorStep[] = [];
  const add = async (step: Name, work: () => Promise<Found>): Promise<boolean> => {
    const from = monotonic();
    const found = await work().catch((error: unknown) => failed(error));
    steps.push({ step, ...found, ms: Math.max(0, Math.round(monotonic() - from)) });
    return found.verdict !== "bad";
  };
  const skip = (names: readonly Name[], message: string): void => {
    for (const step of names) steps.push({ step, verdict: "skipped", message, hint: null, ms: 0 });
  };

  if (!(await reach(target, network, steps, monotonic))) {
    skip(["encryption", "clock", "version"], "Not looked at: no connection came about");
    return steps;
  }
  const isOpen = target.isSecure
    ? await add("encryption", () => encryption(target, network))
    : (skip(["encryption"], "It is not encrypted from the first byte on"), true);
  if (!isOpen || target.origin === null) {
    const why = isOpen ? "It does not speak HTTP" : "Not looked at: the connection cannot be trusted";
    skip(["clock", "version"], why);
    return steps;
  }
  const from = monotonic();
  const head = await network.http
    .request({ url: `${target.origin}/`, method: "HEAD", maxRedirects: 0, maxTries: 1 })
    .catch((error: unknown) => failed(error));
  const ms = Math.max(0, Math.round(monotonic() - from));
  if ("verdict" in head) steps.push({ step: "clock", ...head, ms });
  else steps.push({ step: "clock", ...clockOf(head.headers["date"], network.clock.now()), ms });
  steps.push({ step: "version", ...versionOf("verdict" in head ? {} : head.headers), ms: 0 });
  return steps;
}

/** The name and the connection: one dial answers both. */
async function reach(
  { host, port }: DoctorTarget,
  network: Network,
  steps: DoctorStep[],
  monotonic: () => number,
): Promise<boolean> {
  const from = monotonic();
  const ms = (): number => Math.max(0, Math.round(monotonic() - from));
  const isName = /[a-z]/i.test(host) && !host.includes(":");
  const good = (address: string): Found => ({
    verdict: "good",
    message: isName ? `${host} leads to ${address}` : `${host} is an address`,
    hint: null,
  });
  let socket: Socket;
  try {
    socket = await network.dial({ host, port });
  } catch (error) {
    const found = failed(error);
    const reason = failureReason(error);
    if (reason === "name_not_found" || reason === "refused") {
      steps.push({ step: "name", ...found, ms: ms() });
      const message = "Not looked at: there is no address that may be called";
      steps.push({ step: "connection", verdict: "skipped", message, hint: null, ms: 0 });
    } else {
      steps.push({ step: "name", ...good("an address"), ms: 0 });
      steps.push({ step: "connection", ...found, ms: ms() });
    }
    return false;
  }
  const address = socket.remoteAddress ?? "an address";
  socket.destroy();
  steps.push({ step: "name", ...good(address), ms: 0 });
  const message = `Port ${port} answers`;
  steps.push({ step: "connection", verdict: "good", message, hint: null, ms: ms() });
  return true;
}

async function encryption({ host, port }: DoctorTarget, network: Network): Promise<Found> {
  const socket = await network.dial({ host, port, tls: "implicit" });
  try {
    if (!(socket instanceof TLSSocket)) throw new Error("The connection is not encrypted");
    const { valid_to: validTo, issuer } = socket.getPeerCertificate();
    return certificateWords(
      { validTo, issuer: one(issuer.O) ?? one(issuer.CN) ?? "an unknown issuer", protocol: socket.getProtocol() },
      network.clock.now(),
    );
  } finally {
    socket.destroy();
  }
}

/** What a certificate that was accepted says. */
export function certificateWords(
  { validTo, issuer, protocol }: { validTo: string; issuer: string; protocol: string | null },
  now: number,
): Found {
  const days = Math.floor((Date.parse(validTo) - now) / dayMs);
  const message = `${protocol ?? "TLS"}, certificate of ${issuer}, valid for ${days === 1 ? "1 more day" : `${days} more days`}`;
  if (Number.isNaN(days))
    return { verdict: "warning", message: `${protocol ?? "TLS"}, certificate of ${issuer}`, hint: null };
  if (days >= soonDays) return { verdict: "good", message, hint: null };
  return { verdict: "warning", message, hint: "Have it renewed: calls fail once it has expired." };
}

/** How far this clock and the other one are apart. */
export function clockOf(date: string | undefined, now: number): Found {
  const there = Date.parse(date ?? "");
  if (Number.isNaN(there))
    return { verdict: "skipped", message: "The other side does not say what time it has", hint: null };
  const apart = Math.abs(there - now);
  if (apart <= oddSkewMs) return { verdict: "good", message: "Both clocks agree", hint: null };
  const seconds = Math.round(apart / 1_000);
  const message = `This clock is ${seconds} s ${there > now ? "behind" : "ahead of"} the other one`;
  const hint = "Let this machine set its clock over the network (timedatectl set-ntp true).";
  return { verdict: apart > badSkewMs ? "bad" : "warning", message, hint };
}

const versionHeaders = ["x-api-version", "x-version", "server", "x-powered-by"];

function versionOf(headers: Readonly<Record<string, string>>): Found {
  const told = versionHeaders.flatMap((name) => (headers[name] === undefined ? [] : [headers[name]]));
  const [first] = told;
  if (first === undefined)
    return { verdict: "skipped", message: "The other side does not say what it runs", hint: null };
  return { verdict: "good", message: first.slice(0, 200), hint: null };
}

function failed(error: unknown): Found {
  const { message, hint = null } = toGatewayError(error);
  return { verdict: "bad", message, hint };
}

function failureReason(error: unknown): string | null {
  const { cause } = toGatewayError(error);
  return cause instanceof CallFailure ? cause.reason : null;
}

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
