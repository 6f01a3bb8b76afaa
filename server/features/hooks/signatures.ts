import { createHash, createHmac, timingSafeEqual } from "node:crypto";

import type { HookKind, HookReason } from "../../../contract/features/hooks.ts";

/** A message as it came over the wire. */
export interface RawMessage {
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>;
  /** Not changed by anybody: signatures are made over bytes. */
  body: Buffer;
}

export interface SignatureRules {
  kind: HookKind;
  tokenHeader: string;
  toleranceSeconds: number;
}

export type Proof =
  | {
      ok: true;
      /** Which of the secrets fits. */
      secretAt: number;
      /** What is the same whenever exactly this message is sent again; `null` where nothing is. */
      signature: string | null;
    }
  | { ok: false; reason: HookReason; message: string };

/** What a sender claims to have signed. */
interface Claim {
  /** Digests, of which one must fit. */
  given: readonly Buffer[];
  /** Stands before the body. */
  prefix: string;
  /** Seconds since 1970; `null` for forms without a time. */
  time: number | null;
}

/** Proves that a message was sent by somebody who has one of the secrets, lately. Secrets are compared in constant time. */
export function proveMessage(
  message: RawMessage,
  rules: SignatureRules,
  secrets: readonly string[],
  nowMs: number,
): Proof {
  if (rules.kind === "token") return proveToken(message, rules.tokenHeader, secrets);
  const claim = claimOf[rules.kind](message.headers);
  if (claim === null) return refused("no_signature", "It has no signature of the kind that is expected");
  const secretAt = secrets.findIndex((secret) => {
    const digest = digestOf(rules.kind, secret, claim.prefix, message.body);
    return claim.given.filter((given) => isSame(given, digest)).length > 0;
  });
  if (secretAt === -1) return refused("bad_signature", "Its signature does not fit the secret and the body");
  if (claim.time !== null) {
    const late = nowMs / 1_000 - claim.time;
    if (late > rules.toleranceSeconds) return refused("too_old", `It was signed ${Math.round(late)} seconds ago`);
    if (-late > rules.toleranceSeconds)
      return refused("too_new", `Its time lies ${Math.round(-late)} seconds ahead: one of the clocks is wrong`);
  }
  return {
    ok: true,
    secretAt,
    signature: digestOf(rules.kind, secrets[secretAt] ?? "", claim.prefix, message.body).toString("hex"),
  };
}

/** What a sender of this kind adds to a body: for tests from the page. */
export function signMessage(
  body: Buffer,
  { kind, tokenHeader }: Pick<SignatureRules, "kind" | "tokenHeader">,
  secret: string,
  { nowMs, id }: { nowMs: number; id: string },
): Record<string, string> {
  const time = String(Math.floor(nowMs / 1_000));
  const hex = (prefix: string): string => digestOf(kind, secret, prefix, body).toString("hex");
  if (kind === "token") return { [tokenHeader]: tokenHeader === "authorization" ? `Bearer ${secret}` : secret };
  if (kind === "github")
    return { "x-hub-signature-256": `sha256=${hex("")}`, "x-github-event": "ping", "x-github-delivery": id };
  if (kind === "slack") return { "x-slack-request-timestamp": time, "x-slack-signature": `v0=${hex(`v0:${time}:`)}` };
  if (kind === "stripe") return { "stripe-signature": `t=${time},v1=${hex(`${time}.`)}` };
  const digest = digestOf(kind, secret, `${id}.${time}.`, body).toString("base64");
  return { "webhook-id": id, "webhook-timestamp": time, "webhook-signature": `v1,${digest}` };
}

const hexDigest = /^[0-9a-f]{64}$/i;
const base64Digest = /^[A-Za-z0-9+/]{43}=$/;

/** Where each vendor puts its signature; `null` when it is not there or not of that form. */
const claimOf: Readonly<Record<Exclude<HookKind, "token">, (headers: RawMessage["headers"]) => Claim | null>> = {
  github(headers) {
    const given = hexIn(/^sha256=(.*)$/.exec(headers["x-hub-signature-256"] ?? "")?.[1]);
    return given === null ? null : { given: [given], prefix: "", time: null };
  },
  slack(headers) {
    const stamp = headers["x-slack-request-timestamp"];
    const given = hexIn(/^v0=(.*)$/.exec(headers["x-slack-signature"] ?? "")?.[1]);
    const time = timeIn(stamp);
    return given === null || time === null ? null : { given: [given], prefix: `v0:${stamp ?? ""}:`, time };
  },
  stripe(headers) {
    const parts = (headers["stripe-signature"] ?? "").split(",").map((part) => part.trim().split("=", 2));
    const stamps = parts.filter(([name]) => name === "t").map(([, value]) => value);
    const given = parts.flatMap(([name, value]) => (name === "v1" ? (hexIn(value) ?? []) : []));
    const time = timeIn(stamps[0]);
    if (stamps.length !== 1 || given.length === 0 || time === null) return null;
    return { given: given.slice(0, mostSignatures), prefix: `${stamps[0] ?? ""}.`, time };
  },
  standard(headers) {
    const read = (name: string): string | undefined => headers[`webhook-${name}`] ?? headers[`svix-${name}`];
    const id = read("id") ?? "";
    const stamp = read("timestamp");
    const time = timeIn(stamp);
    const given = (read("signature") ?? "").split(" ").flatMap((part) => {
      const [version, digest = ""] = part.split(",", 2);
      return version === "v1" && base64Digest.test(digest) ? [Buffer.from(digest, "base64")] : [];
    });
    if (id === "" || given.length === 0 || time === null) return null;
    return { given: given.slice(0, mostSignatures), prefix: `${id}.${stamp ?? ""}.`, time };
  },
};

const mostSignatures = 10;

function hexIn(text: string | undefined): Buffer | null {
  return text !== undefined && hexDigest.test(text) ? Buffer.from(text, "hex") : null;
}

function timeIn(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,12}$/.test(text) ? Number(text) : null;
}

function digestOf(kind: HookKind, secret: string, prefix: string, body: Buffer): Buffer {
  const key = kind === "standard" ? standardKey(secret) : secret;
  return createHmac("sha256", key).update(prefix).update(body).digest();
}

/** The key of a Standard Webhooks secret: "whsec_" and base64. */
export function standardKey(secret: string): Buffer {
  return Buffer.from(secret.replace(/^whsec_/, ""), "base64");
}

function proveToken({ headers }: RawMessage, header: string, secrets: readonly string[]): Proof {
  const value = headers[header];
  if (value === undefined || value === "") return refused("no_signature", `It has no header ${header}`);
  const token = header === "authorization" ? value.replace(/^bearer +/i, "") : value;
  const given = fingerprint(token);
  const secretAt = secrets.findIndex((secret) => isSame(given, fingerprint(secret)));
  if (secretAt === -1) return refused("bad_signature", `The header ${header} does not hold the secret`);
  return { ok: true, secretAt, signature: null };
}

/** Of one length, so that not even the length of a secret can be measured. */
function fingerprint(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function isSame(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}

function refused(reason: HookReason, message: string): Proof {
  return { ok: false, reason, message };
}
