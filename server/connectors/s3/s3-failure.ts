import { redact } from "../../../lib/redact.ts";
import { retryAfterTime } from "../../../lib/retry-after.ts";
import { cleanLine } from "../framework/clean-input.ts";
import type { ConnectorReply } from "../framework/define-connector.ts";
import { GatewayError } from "../framework/gateway-error.ts";
import type { S3Context } from "./s3-request.ts";
import { findRoot } from "./s3-xml.ts";

/** What stores say, by their own codes. */
const words: Readonly<Record<string, { message: string; hint: string }>> = {
  NoSuchKey: { message: "There is no such object", hint: "Look with list which there are; keys are case-sensitive." },
  NoSuchBucket: { message: "There is no such bucket", hint: "Check its name and the region in the configuration." },
  AccessDenied: {
    message: "The store does not allow this",
    hint: "Look what the access key is allowed in this bucket.",
  },
  AllAccessDisabled: { message: "The store does not allow this", hint: "Ask who runs the store." },
  InvalidAccessKeyId: {
    message: "The store does not know the access key",
    hint: "Check the access key and the address in the configuration.",
  },
  SignatureDoesNotMatch: {
    message: "The store does not accept the signature",
    hint: "Check the secret key and the region in the configuration.",
  },
  ExpiredToken: { message: "The temporary credentials have ended", hint: "Set new ones in the configuration." },
  InvalidToken: { message: "The store does not accept the session token", hint: "Set a new one, or remove it." },
  RequestTimeTooSkewed: {
    message: "The clock of this machine differs too much from the store's",
    hint: "Set the clock of this machine.",
  },
  AuthorizationHeaderMalformed: {
    message: "The bucket is in another region",
    hint: "Set its region in the configuration.",
  },
  PermanentRedirect: { message: "The bucket is in another region", hint: "Set its region in the configuration." },
  TemporaryRedirect: { message: "The bucket is not ready at this address yet", hint: "Set its region, or try later." },
  PreconditionFailed: { message: "There is an object with this key already", hint: "Choose another key." },
  EntityTooLarge: { message: "The object is larger than the store takes at once", hint: "Put a smaller one." },
  QuotaExceeded: { message: "The store is full", hint: "Make room, or raise the quota." },
  SlowDown: { message: "The store asks for fewer calls", hint: "Try again later." },
  InvalidObjectState: { message: "The object lies in an archive", hint: "Have the store restore it first." },
};
/** Of a reply without a document, as those to HEAD. */
const codeOfStatus: Readonly<Record<number, string>> = {
  301: "PermanentRedirect",
  307: "TemporaryRedirect",
  403: "AccessDenied",
  412: "PreconditionFailed",
  413: "EntityTooLarge",
  503: "SlowDown",
};

/** What the store says when it does not do what it is asked for; nothing of what was signed is repeated. */
export async function s3Failure(
  { status, headers, text }: Pick<ConnectorReply, "status" | "headers" | "text">,
  { clock }: Pick<S3Context, "clock">,
): Promise<GatewayError> {
  const root = await findRoot(text().slice(0, 20_000));
  const isError = root?.name === "Error";
  const code = (isError ? root.text("Code") : null) ?? codeOfStatus[status] ?? "";
  const said = isError ? cleanLine(redact(root.text("Message") ?? "")).slice(0, 300) : "";
  const region = headers["x-amz-bucket-region"] ?? (isError ? root.text("Region") : null);
  const { message, hint } = words[code] ?? {
    message: `The store answered ${status}`,
    hint: status < 500 ? "Check the arguments and the configuration." : "Try again later.",
  };
  const at = retryAfterTime(headers, clock.now());
  const isElsewhere = region !== null && /^[a-z0-9-]{2,40}$/.test(region) && message.includes("another region");
  return new GatewayError("upstream_failed", told(message, code, said), {
    hint: isElsewhere ? `Set the region to ${region} in the configuration.` : hint,
    isFinal: status < 500 && ![408, 409, 425, 429].includes(status),
    askedMs: at === null ? null : Math.max(0, at - clock.now()),
  });
}

function told(message: string, code: string, said: string): string {
  const name = /^[A-Za-z]{1,60}$/.test(code) ? ` (${code})` : "";
  return `${message}${name}${said === "" ? "" : `: ${said}`}`;
}
