import type { ChatPostMessageArguments, ChatPostMessageResponse, ChatUpdateArguments } from "@slack/web-api";
import { z } from "zod";

import { defineConnector, defineOperation, type OperationContext } from "../framework/define-connector.ts";
import { withSlack } from "./slack-client.ts";
import { uploadFile, uploadInput, uploadOutput } from "./upload-file.ts";

const config = z.strictObject({
  token: z
    .string()
    .regex(/^xox[a-z](?:\.[a-z0-9]+)?-[A-Za-z0-9.-]{5,500}$/, "must be a token such as xoxb-…")
    .meta({ title: "Token", description: "Of a bot or user: xoxb-… or xoxp-…" }),
  apiUrl: z
    .url({ protocol: /^https?$/ })
    .max(300)
    .default("https://slack.com/api/")
    .meta({ title: "Address of the API" }),
});
type Config = z.output<typeof config>;
type Context = OperationContext<Config>;

const channel = z
  .string()
  .regex(
    /^(?:[CDGU][A-Z0-9]{2,20}|#[\p{Ll}\p{N}_-]{1,80})$/u,
    "must be the id of a channel such as C0123ABC, or #its-name",
  );
const ts = z.string().regex(/^\d{1,12}\.\d{1,6}$/, "must be the ts of a message such as 1700000000.123456");
const text = z.string().max(40_000, "must have at most 40000 characters");
const blocks = z
  .array(z.looseObject({ type: z.string().min(1) }))
  .max(50, "must have at most 50 blocks")
  .describe("Blocks of Slack's Block Kit");
const content = {
  text: text.optional().describe("The message; beside blocks, what notifications show"),
  blocks: blocks.optional(),
};
const needsContent = { message: "or blocks are needed", path: ["text"] };
const hasContent = (given: { text?: string | undefined; blocks?: unknown }): boolean =>
  (given.text !== undefined && given.text !== "") || given.blocks !== undefined;

const sendInput = z
  .strictObject({
    channel,
    ...content,
    threadTs: ts.optional().describe("Answers in the thread of this message"),
    isShownInChannel: z.boolean().optional().describe("An answer in a thread is shown in the channel too"),
    unfurlsLinks: z.boolean().optional(),
  })
  .refine(hasContent, needsContent);
const updateInput = z.strictObject({ channel, ts, ...content }).refine(hasContent, needsContent);
const listInput = z.strictObject({
  types: z
    .array(z.enum(["public_channel", "private_channel", "mpim", "im"]))
    .min(1)
    .default(["public_channel"]),
  includesArchived: z.boolean().default(false),
  limit: z.int().min(1).max(1_000).default(200),
  cursor: z.string().max(300).optional().describe("The next of the page before"),
});
const written = z.strictObject({ channel: z.string(), ts: z.string() });
const listed = z.strictObject({
  channels: z.array(
    z.strictObject({
      id: z.string(),
      name: z.string().nullable(),
      isPrivate: z.boolean(),
      isArchived: z.boolean(),
      isMember: z.boolean(),
      topic: z.string().nullable(),
    }),
  ),
  next: z.string().nullable(),
});
const tested = z.strictObject({ url: z.string(), team: z.string(), user: z.string(), isBot: z.boolean() });
const targets = (_input: unknown, { apiUrl }: Config): string[] => [apiUrl];

const sendMessage = defineOperation<Config, typeof sendInput, typeof written>({
  title: "Send message",
  description: "Sends a message to a channel or into a thread.",
  effect: "write",
  isToPeople: true,
  input: sendInput,
  output: written,
  targets,
  examples: [
    { title: "A line in a channel", input: { channel: "C0123ABC", text: "The build is done." } },
    { title: "An answer in a thread", input: { channel: "C0123ABC", threadTs: "1700000000.123456", text: "Fixed." } },
  ],
  async run(input, context) {
    const message = {
      channel: input.channel,
      text: input.text,
      blocks: input.blocks,
      thread_ts: input.threadTs,
      reply_broadcast: input.isShownInChannel,
      unfurl_links: input.unfurlsLinks,
    } as ChatPostMessageArguments;
    const answer = await withSlack<ChatPostMessageResponse>(context, (slack) =>
      slack.apiCall("chat.postMessage", { ...message }),
    );
    return { channel: answer.channel ?? input.channel, ts: answer.ts ?? "" };
  },
});

const updateMessage = defineOperation<Config, typeof updateInput, typeof written>({
  title: "Update message",
  description: "Replaces the content of a message this app has sent.",
  effect: "write",
  isToPeople: true,
  isIdempotent: true,
  input: updateInput,
  output: written,
  targets,
  examples: [{ title: "Another text", input: { channel: "C0123ABC", ts: "1700000000.123456", text: "All is well." } }],
  async run(input, context) {
    const message = {
      channel: input.channel,
      ts: input.ts,
      text: input.text,
      blocks: input.blocks,
    } as ChatUpdateArguments;
    const answer = await withSlack(context, (slack) => slack.chat.update(message), { isIdempotent: true });
    return { channel: answer.channel ?? input.channel, ts: answer.ts ?? input.ts };
  },
});

const upload = defineOperation<Config, typeof uploadInput, typeof uploadOutput>({
  title: "Upload file",
  description: "Uploads a file and shows it in a channel.",
  effect: "write",
  isToPeople: true,
  input: uploadInput,
  output: uploadOutput,
  targets,
  examples: [{ title: "A text file", input: { name: "report.csv", text: "a,b\n", channel: "C0123ABC" } }],
  run: (input, context) => uploadFile(input, context),
});

const listChannels = defineOperation<Config, typeof listInput, typeof listed>({
  title: "List channels",
  description: "Lists channels of the workspace, a page at a time.",
  effect: "read",
  input: listInput,
  output: listed,
  targets,
  examples: [{ title: "Public channels", input: {} }],
  async run({ types, includesArchived, limit, cursor }, context) {
    const wanted = {
      types: types.join(","),
      exclude_archived: !includesArchived,
      limit,
      ...(cursor === undefined ? {} : { cursor }),
    };
    const answer = await withSlack(context, (slack) => slack.conversations.list(wanted), { isIdempotent: true });
    const channels = (answer.channels ?? []).map((one) => ({
      id: one.id ?? "",
      name: one.name ?? null,
      isPrivate: one.is_private ?? false,
      isArchived: one.is_archived ?? false,
      isMember: one.is_member ?? false,
      topic: one.topic?.value ?? null,
    }));
    const next = answer.response_metadata?.next_cursor ?? "";
    return { channels, next: next === "" ? null : next };
  },
});

const nothing = z.strictObject({});
const authTest = defineOperation<Config, typeof nothing, typeof tested>({
  title: "Test sign-in",
  description: "Says which workspace and account the token belongs to.",
  effect: "read",
  input: nothing,
  output: tested,
  targets,
  examples: [{ title: "Whose token is it?", input: {} }],
  run: (_input, context) => testAuth(context),
});

async function testAuth(context: Context): Promise<z.input<typeof tested>> {
  const {
    url = "",
    team = "",
    user = "",
    bot_id: bot,
  } = await withSlack(context, (slack) => slack.auth.test(), {
    isIdempotent: true,
  });
  return { url, team, user, isBot: bot !== undefined };
}

/** Messages and files in a Slack workspace. */
export const slack = defineConnector({
  id: "slack",
  title: "Slack",
  description: "Sends messages and files to a Slack workspace.",
  config,
  secrets: ["token"],
  secretPlaces: ({ apiUrl }) => ({ token: [apiUrl] }),
  operations: {
    "send-message": sendMessage,
    "update-message": updateMessage,
    "upload-file": upload,
    "list-channels": listChannels,
    "auth-test": authTest,
  },
  insides: ({ apiUrl }) => [{ address: new URL(apiUrl).origin }],
  async health(context) {
    const { user, team } = await testAuth(context);
    return { isHealthy: true, detail: `Signed in as ${user} in ${team}.` };
  },
});
