import { createHmac } from "node:crypto";

/** How receivers expect a signature; each is HMAC with SHA-256. */
export const signatureForms = [
  "standard-webhooks",
  "svix",
  "timestamped",
  "stripe",
  "slack",
  "github",
  "shopify",
  "none",
] as const;
export type SignatureForm = (typeof signatureForms)[number];

/** What is signed. */
export interface SignedMessage {
  id: string;
  /** Seconds since 1970. */
  timestamp: number;
  /** Exactly as it is sent. */
  body: string;
  /** Kind of event, for receivers that look for it in a header. */
  event: string | undefined;
}

/**
 * Headers that prove who sent a message. With several secrets, where the form has room for it, the message is signed with each,
 * so that a receiver may change to the next one at its own time; else with the first.
 */
export function signWebhook(
  form: SignatureForm,
  message: SignedMessage,
  secrets: readonly string[],
): Record<string, string> {
  return signers[form](message, secrets);
}

type Signer = (message: SignedMessage, secrets: readonly string[]) => Record<string, string>;

const signers: Readonly<Record<SignatureForm, Signer>> = {
  // https://www.standardwebhooks.com, "Signature scheme"
  "standard-webhooks": (message, secrets) => standardHeaders("webhook", message, secrets),
  // The same under the names of its elder.
  svix: (message, secrets) => standardHeaders("svix", message, secrets),
  timestamped: ({ id, timestamp, body, event }, secrets) => ({
    "x-webhook-id": id,
    "x-webhook-timestamp": String(timestamp),
    "x-webhook-signature": secrets.map((secret) => `sha256=${hex(secret, `${timestamp}.${body}`)}`).join(","),
    ...eventHeader("x-webhook-event", event),
  }),
  stripe: ({ timestamp, body }, secrets) => ({
    "stripe-signature": [
      `t=${timestamp}`,
      ...secrets.map((secret) => `v1=${hex(secret, `${timestamp}.${body}`)}`),
    ].join(","),
  }),
  slack: ({ timestamp, body }, [secret = ""]) => ({
    "x-slack-request-timestamp": String(timestamp),
    "x-slack-signature": `v0=${hex(secret, `v0:${timestamp}:${body}`)}`,
  }),
  github: ({ id, body, event }, [secret = ""]) => ({
    "x-github-delivery": id,
    "x-hub-signature-256": `sha256=${hex(secret, body)}`,
    ...eventHeader("x-github-event", event),
  }),
  shopify: ({ id, body, event }, [secret = ""]) => ({
    "x-shopify-webhook-id": id,
    "x-shopify-hmac-sha256": hmac(secret, body).toString("base64"),
    ...eventHeader("x-shopify-topic", event),
  }),
  none: ({ id, timestamp }) => ({ "webhook-id": id, "webhook-timestamp": String(timestamp) }),
};

function standardHeaders(
  prefix: "webhook" | "svix",
  { id, timestamp, body }: SignedMessage,
  secrets: readonly string[],
): Record<string, string> {
  const signatures = secrets.map(
    (secret) => `v1,${hmac(standardKey(secret), `${id}.${timestamp}.${body}`).toString("base64")}`,
  );
  return {
    [`${prefix}-id`]: id,
    [`${prefix}-timestamp`]: String(timestamp),
    [`${prefix}-signature`]: signatures.join(" "),
  };
}

/** `whsec_` is followed by the key in base64; a secret without it is the key itself. */
function standardKey(secret: string): Buffer {
  return secret.startsWith("whsec_") ? Buffer.from(secret.slice("whsec_".length), "base64") : Buffer.from(secret);
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function hex(key: string, text: string): string {
  return hmac(key, text).toString("hex");
}

function eventHeader(name: string, event: string | undefined): Record<string, string> {
  return event === undefined ? {} : { [name]: event };
}
