import { redact, redactedMark } from "../../../lib/redact.ts";
import { cleanLine } from "../framework/clean-input.ts";
import { GatewayError } from "../framework/gateway-error.ts";

/** What the library's errors carry. */
export interface SmtpError extends Error {
  code?: string | undefined;
  responseCode?: number | undefined;
  response?: string | undefined;
  recipient?: string | undefined;
  rejectedErrors?: SmtpError[] | undefined;
}

const words: Readonly<Record<string, { message: string; hint: string }>> = {
  EAUTH: {
    message: "The mail server does not accept the user and password",
    hint: "Check the way to sign in; many servers want a password for apps, or OAuth2.",
  },
  ENOAUTH: { message: "The mail server wants a user and password", hint: "Set how to sign in, in the configuration." },
  EOAUTH2: {
    message: "The mail server does not accept the token",
    hint: "Sign in again and set the new refresh token.",
  },
  ETLS: {
    message: "No safe connection to the mail server came about",
    hint: "Check the kind of encryption and the port; name the certificate of its authority if it has its own.",
  },
  EENVELOPE: { message: "The mail server takes no mail for these addresses", hint: "Check sender and recipients." },
  EMAXRECIPIENTS: { message: "These are too many recipients", hint: "Send to fewer at once." },
  EMESSAGE: {
    message: "The mail server does not take this message",
    hint: "It may be too large, or look like spam to it.",
  },
  ETIMEDOUT: { message: "The mail server was silent for too long", hint: "Check host and port, or try again later." },
  ECONNECTION: { message: "The mail server closed the connection", hint: "Try again later." },
  ESOCKET: {
    message: "The connection to the mail server was cut",
    hint: "Check the kind of encryption and the port, or try again later.",
  },
  EPROTOCOL: { message: "What answers there is no mail server", hint: "Check host, port and kind of encryption." },
};

/** What the server said, on one line, without the credentials it may have quoted. */
export function saidBy(error: SmtpError): string {
  return withoutCredentials(cleanLine(error.response ?? error.message)).slice(0, 400);
}

/** Base64 in it that holds a known secret, or user and password as they are sent (RFC 4616). */
function withoutCredentials(text: string): string {
  return text.replace(/[A-Za-z0-9+/_-]{8,}={0,2}/g, (run) => {
    const inside = Buffer.from(run, "base64").toString("utf8");
    return /^[^\0]*\0[^\0]+\0[^\0]+$/.test(inside) || redact(inside) !== inside ? redactedMark : run;
  });
}

/** Why nothing was sent, in words; 4xx may pass, 5xx does not (RFC 5321, 4.2.1). */
export function smtpFailure(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  const failure: SmtpError = error instanceof Error ? error : new Error(String(error));
  const { code = "", responseCode = 0 } = failure;
  const known = words[isCertificate(failure) ? "ETLS" : code] ?? {
    message: "The message could not be sent",
    hint: "Look at the record of this call.",
  };
  const said = failure.rejectedErrors?.length
    ? failure.rejectedErrors
        .map((one) => `${one.recipient ?? "?"} (${saidBy(one)})`)
        .join(", ")
        .slice(0, 1_000)
    : saidBy(failure);
  return new GatewayError(code === "ETIMEDOUT" ? "timeout" : "upstream_failed", `${known.message}: ${said}`, {
    hint: known.hint,
    cause: error,
    isFinal: isPermanent(code, responseCode, failure.rejectedErrors),
  });
}

function isPermanent(code: string, responseCode: number, refusals: readonly SmtpError[] = []): boolean {
  if (refusals.length > 0) return refusals.every(({ responseCode: one = 0 }) => one >= 500);
  return responseCode >= 500 || (responseCode === 0 && (code === "EMESSAGE" || code === "EMAXRECIPIENTS"));
}

function isCertificate({ message }: Error): boolean {
  return /certificate|self-signed|altname/i.test(message);
}
