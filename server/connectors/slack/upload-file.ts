import { z } from "zod";

import type { OperationContext } from "../framework/define-connector.ts";
import { GatewayError } from "../framework/gateway-error.ts";
import { withSlack, type SlackConfig } from "./slack-client.ts";

const line = (longest: number) =>
  z
    .string()
    .max(longest, `must have at most ${longest} characters`)
    .regex(/^\P{Cc}*$/u, "must be on one line");

/** A file for a channel. */
export const uploadInput = z
  .strictObject({
    name: line(200).min(1, "must not be empty"),
    text: z.string().min(1, "must not be empty").optional().describe("Its content as text"),
    base64: z.base64().min(1, "must not be empty").optional().describe("Its content in base64; instead of text"),
    channel: z
      .string()
      .regex(/^[CDG][A-Z0-9]{2,20}$/, "must be the id of a channel such as C0123ABC")
      .optional()
      .describe("Where it is shown; without one it stays private"),
    threadTs: z
      .string()
      .regex(/^\d{1,12}\.\d{1,6}$/, "must be the ts of a message")
      .optional(),
    title: line(300).optional(),
    comment: z.string().max(4_000).optional(),
    altText: line(1_000).optional(),
  })
  .refine(({ text, base64 }) => (text === undefined) !== (base64 === undefined), {
    message: "or base64 is needed, and not both",
    path: ["text"],
  });
export const uploadOutput = z.strictObject({
  id: z.string(),
  title: z.string().nullable(),
  permalink: z.string().nullable(),
});

/** Asks for an address, sends the bytes there without the token, and says that they are there. */
export async function uploadFile(
  input: z.output<typeof uploadInput>,
  context: OperationContext<SlackConfig>,
): Promise<z.input<typeof uploadOutput>> {
  const { name, title = name, channel, threadTs, comment, altText } = input;
  const bytes = input.text === undefined ? Buffer.from(input.base64 ?? "", "base64") : Buffer.from(input.text);
  const { upload_url: url = "", file_id: id = "" } = await withSlack(context, (slack) =>
    slack.files.getUploadURLExternal({
      filename: name,
      length: bytes.length,
      ...(altText === undefined ? {} : { alt_text: altText }),
    }),
  );
  if (url === "" || id === "") throw strange("gave no address to upload to");
  if (!isOfSlack(url, context.config.apiUrl))
    throw strange(`wants the file at ${url.slice(0, 100)}, which is not Slack's`);
  await context.http.expectOk({
    url,
    method: "POST",
    body: bytes,
    headers: { "content-type": "application/octet-stream" },
    isIdempotent: true, // the same bytes for the same file
    maxRedirects: 0,
  });
  const done = await withSlack(context, (slack) =>
    slack.files.completeUploadExternal({
      files: [{ id, title }],
      ...(comment === undefined ? {} : { initial_comment: comment }),
      ...(channel === undefined
        ? {}
        : { channel_id: channel, ...(threadTs === undefined ? {} : { thread_ts: threadTs }) }),
    } as Parameters<typeof slack.files.completeUploadExternal>[0]),
  );
  const file = done.files?.[0];
  return { id: file?.id ?? id, title: file?.title ?? null, permalink: file?.permalink ?? null };
}

/** What an answer names is not called unless it is Slack's: the same origin as its methods, or a host of slack.com. */
function isOfSlack(url: string, apiUrl: string): boolean {
  if (!URL.canParse(url)) return false;
  const { origin, protocol, hostname } = new URL(url);
  return origin === new URL(apiUrl).origin || (protocol === "https:" && /(?:^|\.)slack\.com$/.test(hostname));
}

function strange(what: string): GatewayError {
  return new GatewayError("reply_invalid", `Slack ${what}`, { hint: "Try again later.", isFinal: true });
}
