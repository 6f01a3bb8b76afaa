import { emailSmtp } from "./email-smtp/email-smtp.ts";
import type { AnyConnector } from "./framework/define-connector.ts";
import { webhookOut } from "./webhook-out/webhook-out.ts";

/** The connectors that come with PortOS. */
export const builtInConnectors: readonly AnyConnector[] = [emailSmtp, webhookOut];
