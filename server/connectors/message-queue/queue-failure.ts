import { redact } from "../../../lib/redact.ts";
import { cleanLine } from "../framework/clean-input.ts";
import { GatewayError } from "../framework/gateway-error.ts";

interface Words {
  message: string;
  hint: string;
  isFinal?: boolean;
}

const login: Words = {
  message: "The broker does not accept the user and password",
  hint: "Check how to sign in, in the configuration.",
  isFinal: true,
};
const forbidden: Words = {
  message: "The broker does not allow this user to do it",
  hint: "Ask who runs the broker for the permission.",
  isFinal: true,
};
const missing: Words = {
  message: "The broker has no queue, topic or exchange of this name",
  hint: "Check the name; nothing is created by itself.",
  isFinal: true,
};

/** What libraries and brokers say, by what it contains. */
const known: readonly [RegExp, Words][] = [
  [/ACCESS[-_]REFUSED.*(?:login|authentication)|SASL|Handshake terminated by server: 403/i, login],
  [/ACCESS[-_]REFUSED|AUTHORIZATION_FAILED|not authorized/i, forbidden],
  [
    /Expected ConnectionOpenOk|NOT_ALLOWED.*vhost/i, // all the library tells of it
    {
      ...missing,
      message: "The broker does not open the virtual host",
      hint: "Check its name, and the user's permission.",
    },
  ],
  [/NOT[-_]FOUND|UNKNOWN_TOPIC|does not host this topic/i, missing],
  [
    /PRECONDITION[-_]FAILED/i,
    { message: "The broker refuses it as it is set up", hint: "Check the queue's settings.", isFinal: true },
  ],
  [/RESOURCE[-_]LOCKED/i, { message: "Somebody else has the queue for itself", hint: "Try again later." }],
  [
    /MESSAGE_TOO_LARGE|RECORD_LIST_TOO_LARGE|larger than.*max/i,
    { message: "The broker takes no message so large", hint: "Send less.", isFinal: true },
  ],
  [/NOT_ENOUGH_REPLICAS/i, { message: "Too few copies of the topic are there just now", hint: "Try again later." }],
];

/** Why nothing came about, in words. */
export function queueFailure(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  const said = wordsOf(error);
  const found = known.find(([pattern]) => pattern.test(said))?.[1];
  const {
    message,
    hint,
    isFinal = false,
  } = found ?? {
    message: "The broker did not do it",
    hint: "Look whether it is up, and at the servers and the encryption in the configuration.",
  };
  const line = cleanLine(redact(said)).slice(0, 400);
  return new GatewayError("upstream_failed", `${message}: ${line}`, { hint, isFinal, cause: error });
}

/** Of the error and what caused it. */
function wordsOf(error: unknown, depth = 0): string {
  if (!(error instanceof Error)) return String(error);
  const type = "type" in error && typeof error.type === "string" ? ` (${error.type})` : "";
  const cause = depth < 3 && error.cause instanceof Error ? `; ${wordsOf(error.cause, depth + 1)}` : "";
  return `${error.message}${type}${cause}`;
}
