import { randomBytes } from "node:crypto";

import { z } from "zod";

import {
  hookInputSchema,
  hookSchema,
  type Hook,
  type HookDelivery,
  type HookKind,
} from "../../../contract/features/hooks.ts";
import { AppError } from "../../../lib/app-error.ts";
import { storedSecretSchema, type SecretBox } from "../../../lib/secret-box.ts";
import { standardKey } from "./signatures.ts";

/** A webhook as `hooks.json` holds it. */
export const hookRecordSchema = hookInputSchema.extend({
  id: hookSchema.shape.id,
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  secret: storedSecretSchema,
  /** What it was before the last change. */
  former: z.strictObject({ secret: storedSecretSchema, until: z.iso.datetime() }).nullable().default(null),
});
export type HookRecord = z.output<typeof hookRecordSchema>;

/** How `data/hooks.json` is opened. */
export const hooksFile = {
  schema: z.strictObject({ hooks: z.array(hookRecordSchema) }),
  initial: { hooks: [] },
  version: 1,
  isolate: { list: "hooks", entry: hookRecordSchema },
};
export type HooksFile = z.output<typeof hooksFile.schema>;

/** A webhook as the API gives it. */
export function toHook(
  { secret, former, ...rest }: HookRecord,
  secrets: Pick<SecretBox, "describe">,
  lastDelivery: HookDelivery | null,
  nowMs: number,
): Hook {
  return { ...rest, secret: secrets.describe(secret), hasFormerSecret: isCurrent(former, nowMs), lastDelivery };
}

/** Whether a former secret still counts. */
export function isCurrent(former: HookRecord["former"], nowMs: number): boolean {
  return former !== null && Date.parse(former.until) > nowMs;
}

/** An id nobody can guess: 160 random bits. */
export function newHookId(): string {
  return `hk-${randomBytes(20).toString("hex")}`;
}

/** A secret of the form its kind of sender uses. */
export function newHookSecret(kind: HookKind): string {
  if (kind === "standard" || kind === "stripe") return `whsec_${randomBytes(32).toString("base64")}`;
  return randomBytes(32).toString(kind === "slack" ? "hex" : "base64url");
}

/** Throws `invalid_request` for a secret its kind of sender cannot have. */
export function checkHookSecret(kind: HookKind, secret: string): void {
  const isBase64 = z.base64().safeParse(secret.replace(/^whsec_/, "")).success;
  if (kind !== "standard" || (isBase64 && standardKey(secret).length >= 16)) return;
  const message = 'must be "whsec_" and base64 of at least 16 bytes, as the sender shows it';
  throw new AppError("invalid_request", `The secret ${message}`, { issues: [{ path: "body.secret", message }] });
}
