import { createHash, randomUUID } from "node:crypto";

import { z } from "zod";

import { retryAfterTime } from "../../../lib/retry-after.ts";
import { cleanLine } from "../framework/clean-input.ts";
import {
  defineConnector,
  defineOperation,
  type ConnectorReply,
  type OperationContext,
} from "../framework/define-connector.ts";
import { GatewayError } from "../framework/gateway-error.ts";
import { signatureForms, signWebhook } from "./sign-webhook.ts";

const address = z
  .url({ protocol: /^https?$/, error: "must be an address such as https://example.com/hook" })
  .max(2_000);
const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/;
const line = (longest: number) =>
  z
    .string()
    .max(longest, `must have at most ${longest} characters`)
    .regex(/^[\x20-\x7e]*$/, "must be one line of plain characters");
const ownHeader =
  /^(?:content-type|content-length|idempotency-key|host|(?:webhook|svix|x-webhook|x-slack|x-hub|x-shopify|x-github|stripe)-.*)$/i;
const headers = z
  .record(z.string().regex(headerName, "must be the name of a header"), line(2_000))
  .refine((given) => !Object.keys(given).some((name) => ownHeader.test(name)), {
    message: "must not hold the type, the id or the signature, which are set for each message",
  });

const accessHeaders = /^(?:(?:proxy-)?authorization|cookie)$|(?:^|[-_])(?:api-?key|key|token|secret|password|auth)$/i;
const openHeaders = headers.refine((given) => !Object.keys(given).some((name) => accessHeaders.test(name)), {
  message: "must not hold what lets somebody in: that is entered as Access, where it is kept sealed",
});

const config = z.strictObject({
  url: address
    .optional()
    .meta({ title: "Address", description: "Where messages go when a call names no other address." }),
  form: z
    .enum(signatureForms)
    .default("standard-webhooks")
    .meta({ title: "Signature", description: "How the receiver expects the signature." }),
  secret: z.string().min(16, "must have at least 16 characters").max(500).optional().meta({
    title: "Secret",
    description: "Signs each message to exactly the address above; the receiver has the same one.",
  }),
  nextSecret: z.string().min(16, "must have at least 16 characters").max(500).optional().meta({
    title: "Next secret",
    description: "Signs too while receivers change over, where the kind of signature has room for two.",
  }),
  access: line(2_000).min(1, "must not be empty").optional().meta({
    title: "Access",
    description:
      "What the receiver wants to see, such as Bearer and a token; sent to exactly the address above and no other.",
  }),
  accessHeader: z
    .string()
    .regex(headerName, "must be the name of a header")
    .refine((name) => !ownHeader.test(name), { message: "is set for each message" })
    .default("authorization")
    .meta({ title: "Header of the access" }),
  headers: openHeaders
    .default({})
    .meta({ title: "Headers", description: "Sent with each message to exactly the address above." }),
  isInside: z
    .boolean()
    .default(false)
    .meta({ title: "Inside", description: "The address lies in this network, although its name looks public." }),
});
type Config = z.output<typeof config>;

const input = z
  .strictObject({
    url: address
      .optional()
      .describe(
        "Another address than the configured one; only exactly the configured one gets its access, its headers and a signature",
      ),
    payload: z.json().optional().describe("What is sent, as JSON"),
    text: z.string().max(5_000_000).optional().describe("What is sent, as it is; instead of payload"),
    contentType: line(200).default("text/plain; charset=utf-8").describe("Type of text"),
    event: line(100).min(1).optional().describe("Kind of event, for receivers that look for it in a header"),
    id: z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,100}$/, "must be letters, digits, dots, hyphens and underscores")
      .optional()
      .describe("Id of the message, by which receivers know a repeated one; made up when left out"),
    headers: headers.default({}).describe("Further headers"),
  })
  .refine(({ payload, text }) => (payload === undefined) !== (text === undefined), {
    message: "must be given, or text, and not both",
    path: ["payload"],
  });
type Input = z.output<typeof input>;

const output = z.strictObject({
  status: z.int(),
  id: z.string(),
  isSigned: z.boolean(),
  /** The first characters of what the receiver said. */
  said: z.string(),
});

const maxSaid = 500;

const post = defineOperation<Config, typeof input, typeof output>({
  title: "Post",
  description: "Sends a signed message to a webhook.",
  effect: "write",
  isToPeople: true, // many receivers are chats
  input,
  output,
  targets: ({ url }, configured) => [url ?? configured.url].filter((target) => target !== undefined),
  examples: [
    { title: "Tell that a build is done", input: { event: "build.done", payload: { app: "shop", isGood: true } } },
    { title: "Send text to another address", input: { url: "https://example.com/hook", text: "Hello" } },
  ],
  run: (given, context) => postWebhook(given, context),
});

/** Messages to other programs, signed so that they can tell who sent them. */
export const webhookOut = defineConnector({
  id: "webhook-out",
  title: "Webhook",
  description: "Sends signed messages to webhooks of other programs.",
  config,
  secrets: ["secret", "nextSecret", "access"],
  secretPlaces: ({ url }) => ({ secret: [url], nextSecret: [url], access: [url] }),
  operations: { post },
  insides: ({ url, isInside }) => (url === undefined ? [] : [{ address: new URL(url).origin, isInside }]),
});

async function postWebhook(given: Input, context: OperationContext<Config>): Promise<z.input<typeof output>> {
  const { config: configured, clock, http, note, idempotencyKey } = context;
  const url = given.url ?? configured.url;
  if (url === undefined)
    throw new GatewayError("invalid_params", "No address is given", {
      hint: "Give url, or set an address in the configuration.",
      issues: [{ path: "url", message: "is missing" }],
      isFinal: true,
    });
  const id = given.id ?? idOf(idempotencyKey);
  const body = given.text ?? JSON.stringify(given.payload);
  const secrets = secretsFor(url, configured);
  const isSigned = secrets.length > 0;
  if (!isSigned) note("unsigned", whyUnsigned(configured));
  const message = { id, body, event: given.event, timestamp: Math.floor(clock.now() / 1_000) };
  const reply = await http.request({
    url,
    method: "POST",
    body,
    headers: {
      "user-agent": "PortOS-Webhook/1",
      ...furtherHeaders(url, given, configured),
      "content-type": given.text === undefined ? "application/json" : given.contentType,
      "idempotency-key": id,
      ...signWebhook(isSigned ? configured.form : "none", message, secrets),
    },
    isIdempotent: true, // its id tells the receiver
    maxRedirects: 0, // the signature is for this address
    maxBytes: 1_048_576,
  });
  if (reply.status < 200 || reply.status > 299) throw refusalOf(reply, clock.now());
  return { status: reply.status, id, isSigned, said: saidBy(reply) };
}

/** The same message has the same id at each try. */
function idOf(key: string | null): string {
  if (key === null) return `msg_${randomUUID().replaceAll("-", "")}`;
  return `msg_${createHash("sha256").update(key).digest("hex").slice(0, 32)}`;
}

/**
 * What is configured is meant for exactly the configured address: another path of the same host may belong to somebody else, who
 * could use the access, or pass a signed message on as ours.
 */
function isOwn(url: string, { url: own }: Config): boolean {
  return own !== undefined && withoutFragment(own) === withoutFragment(url);
}

/** As it is sent: two spellings of one address are the same. */
function withoutFragment(text: string): string {
  const url = new URL(text);
  url.hash = "";
  return url.href;
}

/** The access goes before what a call says under the same name. */
function furtherHeaders(url: string, given: Input, configured: Config): Record<string, string> {
  if (!isOwn(url, configured)) return given.headers;
  const { access, accessHeader } = configured;
  const both = { ...configured.headers, ...given.headers };
  if (access === undefined) return both;
  const others = Object.entries(both).filter(([name]) => name.toLowerCase() !== accessHeader.toLowerCase());
  return { ...Object.fromEntries(others), [accessHeader]: access };
}

function secretsFor(url: string, configured: Config): string[] {
  const { form, secret, nextSecret } = configured;
  if (form === "none" || !isOwn(url, configured)) return [];
  return [secret, nextSecret].filter((one) => one !== undefined);
}

function whyUnsigned({ form, secret }: Config): string {
  if (form === "none") return "The configuration asks for no signature";
  return secret === undefined
    ? "There is no secret to sign with"
    : "Only messages to exactly the configured address are signed, and only they carry its access and its headers";
}

function refusalOf(reply: ConnectorReply, nowMs: number): GatewayError {
  const { status, headers: replied, url } = reply;
  const said = saidBy(reply);
  const at = retryAfterTime(replied, nowMs);
  return new GatewayError(
    "upstream_failed",
    `${new URL(url).origin} answered ${status}${said === "" ? "" : `: ${said.slice(0, 200)}`}`,
    {
      hint: hintOf(status),
      // Receivers are being repaired while messages wait: only what says that it will never take them is final.
      isFinal: status === 410 || (status >= 300 && status < 400),
      askedMs: at === null ? null : Math.max(0, at - nowMs),
    },
  );
}

function hintOf(status: number): string {
  if (status >= 300 && status < 400) return "It has moved: set its new address in the configuration.";
  if (status === 410) return "It wants no more messages: remove its address.";
  if (status === 401 || status === 403) return "Check the secret and the kind of signature in the configuration.";
  if (status === 404) return "Check the address in the configuration.";
  if (status === 429) return "It asks for fewer messages; try again later.";
  return status < 500 ? "It does not accept this message." : "The receiver has a problem; try again later.";
}

function saidBy(reply: ConnectorReply): string {
  return cleanLine(reply.text().slice(0, 4 * maxSaid)).slice(0, maxSaid);
}
