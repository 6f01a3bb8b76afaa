import { emailSmtp } from "./email-smtp/email-smtp.ts";
import type { AnyConnector } from "./framework/define-connector.ts";
import { messageQueue } from "./message-queue/message-queue.ts";
import { monitoring } from "./monitoring/monitoring.ts";
import { s3 } from "./s3/s3.ts";
import { slack } from "./slack/slack.ts";
import { webSearch } from "./web-search/web-search.ts";
import { webhookOut } from "./webhook-out/webhook-out.ts";

/** The connectors that come with PortOS, but for those that are given something: see `buildConnectors`. */
export const builtInConnectors: readonly AnyConnector[] = [
  emailSmtp,
  webSearch,
  slack,
  webhookOut,
  s3,
  messageQueue,
  monitoring,
];
