import { emailSmtp } from "./email-smtp/email-smtp.ts";
import type { AnyConnector } from "./framework/define-connector.ts";
import { messageQueue } from "./message-queue/message-queue.ts";
import { monitoring } from "./monitoring/monitoring.ts";
import { s3 } from "./s3/s3.ts";
import { webFetch } from "./web-fetch/web-fetch.ts";
import { slack } from "./slack/slack.ts";
import { webSearch } from "./web-search/web-search.ts";
import { webhookOut } from "./webhook-out/webhook-out.ts";

/** The connectors that come with PortOS. */
export const builtInConnectors: readonly AnyConnector[] = [
  emailSmtp,
  webFetch,
  webSearch,
  slack,
  webhookOut,
  s3,
  messageQueue,
  monitoring,
];
