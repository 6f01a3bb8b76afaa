import { createHash } from "node:crypto";

import type { SendMailOptions } from "nodemailer";
import { z } from "zod";

import type { EmailConfig } from "./email-config.ts";
import { htmlToText } from "./html-to-text.ts";
import { mailAddress, parseAddress, type MailAddress } from "./mail-address.ts";

const line = (longest: number) =>
  z
    .string()
    .max(longest, `must have at most ${longest} characters`)
    .regex(/^[^\p{Cc}\u2028\u2029]*$/u, "must be on one line");
const people = z.array(mailAddress).max(100, "must have at most 100 addresses");
const messageId = z
  .string()
  .regex(/^<[^\s<>@]{1,200}@[^\s<>@]{1,200}>$/, "must be the id of a message such as <1@example.com>");
/** What is set by us, or says who sends to whom, stays out of further headers. */
const freeHeader = /^(?:x-[a-z0-9-]{1,70}|auto-submitted|precedence|list-[a-z-]{1,30}|feedback-id|organization)$/i;

const attachment = z
  .strictObject({
    name: line(200).min(1, "must not be empty"),
    text: z.string().optional().describe("Its content as text"),
    base64: z.base64().optional().describe("Its content in base64; instead of text"),
    type: z
      .string()
      .regex(/^[\w.+-]{1,60}\/[\w.+-]{1,100}(?:; ?[\w-]+=[\w."-]+)?$/, "must be a type such as text/plain")
      .optional(),
    cid: z
      .string()
      .regex(/^[\w.@-]{1,100}$/, "must be letters, digits, dots and hyphens")
      .optional()
      .describe("Shown inside of the HTML as cid:<this>"),
  })
  .refine(({ text, base64 }) => (text === undefined) !== (base64 === undefined), "needs text or base64, not both");

/** A message as callers give it. */
export const emailInput = z
  .strictObject({
    to: people.default([]),
    cc: people.default([]),
    bcc: people.default([]),
    from: mailAddress.optional().describe("Instead of the configured sender"),
    replyTo: mailAddress.optional(),
    subject: line(500),
    text: z.string().max(2_000_000).optional(),
    html: z.string().max(2_000_000).optional().describe("A text part is made from it when there is no text"),
    attachments: z.array(attachment).max(50).default([]),
    inReplyTo: messageId.optional(),
    references: z.array(messageId).max(100).default([]),
    headers: z
      .record(z.string().regex(freeHeader, "must be X-… or one of those lists use"), line(900))
      .default({})
      .describe("Further headers"),
  })
  .refine(({ to, cc, bcc }) => to.length + cc.length + bcc.length > 0, { message: "needs a recipient", path: ["to"] })
  .refine(({ text, html }) => text !== undefined || html !== undefined, {
    message: "or html is needed",
    path: ["text"],
  });
export type EmailInput = z.output<typeof emailInput>;

/** The message for the library; nothing in it names a file or an address to be read. */
export async function toMessage(
  input: EmailInput,
  config: EmailConfig,
  { idempotencyKey, nowMs }: { idempotencyKey: string | null; nowMs: number },
): Promise<SendMailOptions> {
  const { text, html, subject, references, inReplyTo, headers } = input;
  const from = apart(input.from ?? config.from);
  const replyTo = input.replyTo ?? config.replyTo;
  return {
    from,
    to: input.to.map(apart),
    cc: input.cc.map(apart),
    bcc: input.bcc.map(apart),
    subject,
    date: new Date(nowMs),
    text: text ?? (await htmlToText(html ?? "")),
    attachments: input.attachments.map(({ name, text: plain, base64, type, cid }) => ({
      filename: name,
      content: plain === undefined ? Buffer.from(base64 ?? "", "base64") : Buffer.from(plain),
      ...(type === undefined ? {} : { contentType: type }),
      ...(cid === undefined ? {} : { cid }),
    })),
    headers,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(html === undefined ? {} : { html }),
    ...(replyTo === undefined ? {} : { replyTo: apart(replyTo) }),
    ...(inReplyTo === undefined ? {} : { inReplyTo }),
    ...(references.length === 0 ? {} : { references }),
    ...(idempotencyKey === null ? {} : { messageId: stableId(idempotencyKey, from.address) }),
  };
}

function apart(text: string): MailAddress {
  return parseAddress(text) ?? { name: "", address: text };
}

/** A repeated delivery has the same id, so that servers and readers can tell. */
function stableId(key: string, from: string): string {
  const hash = createHash("sha256").update(key).digest("hex").slice(0, 32);
  return `<${hash}@${/^[\w.-]+$/.exec(from.split("@")[1] ?? "")?.[0] ?? "portos.invalid"}>`;
}
