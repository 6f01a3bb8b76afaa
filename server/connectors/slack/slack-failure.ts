import { cleanLine } from "../framework/clean-input.ts";
import { GatewayError } from "../framework/gateway-error.ts";

const signIn = "Install the app in the workspace again and set its new token.";
const ours = "Look at the arguments in the record of this call.";
const later = "Try again in a moment.";

/** What Slack's words mean, and what to do about them. */
const words: Readonly<Record<string, readonly [message: string, hint: string]>> = {
  account_inactive: ["The account of this token was deactivated", signIn],
  cant_update_message: ["Only messages of this app can be changed", "Give the time stamp of a message it has sent."],
  channel_is_archived: ["The channel is archived", "Take it out of the archive, or choose another one."],
  channel_not_found: [
    "There is no such channel, or the app cannot see it",
    "Give the channel's id, and invite the app to it.",
  ],
  edit_window_closed: [
    "The message can no longer be changed",
    "The workspace allows changes only for a while; send a new one.",
  ],
  fatal_error: ["Slack has a problem", later],
  file_not_found: ["Slack did not get the file", later],
  internal_error: ["Slack has a problem", later],
  invalid_arg_name: ["Slack does not know an argument", ours],
  invalid_array_arg: ["Slack does not accept a list", ours],
  invalid_auth: ["Slack does not accept the token", signIn],
  invalid_blocks: ["Slack does not accept the blocks", "Check them in Slack's Block Kit Builder."],
  invalid_blocks_format: ["The blocks are no list of blocks", "Check them in Slack's Block Kit Builder."],
  invalid_channel: ["This is no channel a file can be sent to", "Give the channel's id, and invite the app to it."],
  invalid_charset: ["Slack does not accept the character set", ours],
  invalid_cursor: ["The page asked for has expired", "Begin again with the first page."],
  invalid_form_data: ["Slack could not read the request", ours],
  invalid_json: ["Slack could not read the request", ours],
  invalid_post_type: ["Slack does not accept the type of the request", ours],
  is_archived: ["The channel is archived", "Take it out of the archive, or choose another one."],
  is_inactive: ["The message's channel is no longer active", "Choose another channel."],
  json_not_object: ["Slack could not read the request", ours],
  message_not_found: ["There is no such message", "Check channel and time stamp."],
  missing_post_type: ["Slack misses the type of the request", ours],
  missing_scope: ["The app may not do this", "Add the missing scope to the app and install it again."],
  msg_too_long: ["The message is too long", "Slack takes 40 000 characters; send it as a file."],
  no_permission: ["The app may not do this here", "Invite the app to the channel, or give it the scope."],
  no_text: ["The message is empty", "Give text or blocks."],
  not_authed: ["No token was sent", "Set the token in the configuration."],
  not_in_channel: ["The app is not in the channel", "Invite it with /invite in the channel."],
  ratelimited: ["Slack asks for fewer calls", later],
  rate_limited: ["Slack asks for fewer calls", later],
  request_timeout: ["Slack waited too long for the request", later],
  service_unavailable: ["Slack is not available", later],
  token_expired: ["The token has expired", signIn],
  token_revoked: ["The token was revoked", signIn],
  too_many_attachments: ["The message has too many attachments", "Slack takes 100."],
  upgrade_required: ["The workspace is being moved to an Enterprise one", "Try again when that is done."],
};

const passing = new Set([
  "fatal_error",
  "internal_error",
  "ratelimited",
  "rate_limited",
  "request_timeout",
  "service_unavailable",
  "upgrade_required",
]);

/** Slack's refusal in a sentence. */
export function slackRefusal(answer: { error?: string; needed?: string; messages?: readonly string[] }): GatewayError {
  const code = cleanLine(answer.error ?? "unknown_error").slice(0, 100);
  const [message, hint] = words[code] ?? [
    "Slack refused the call",
    "Look the word up among the errors of Slack's method.",
  ];
  const details = [
    answer.needed ? `it needs ${cleanLine(answer.needed)}` : "",
    ...(answer.messages ?? []).map(cleanLine),
  ]
    .filter((one) => one !== "")
    .join("; ")
    .slice(0, 500);
  return new GatewayError("upstream_failed", `${message} (${code})${details === "" ? "" : `: ${details}`}`, {
    hint,
    isFinal: !passing.has(code),
  });
}

/** Whatever the client throws as what the gateway says about it. */
export function slackFailure(error: unknown): unknown {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof GatewayError) return cause;
    if ("retryAfter" in cause && typeof cause.retryAfter === "number")
      return new GatewayError("upstream_failed", "Slack asks for fewer calls (ratelimited)", {
        hint: `Try again in ${cause.retryAfter} s.`,
        askedMs: cause.retryAfter * 1_000,
        cause: error,
      });
    if ("data" in cause && typeof cause.data === "object" && cause.data !== null) return refusalOf(cause.data);
    if ("statusCode" in cause && typeof cause.statusCode === "number")
      return new GatewayError("upstream_failed", `Slack answered ${cause.statusCode}`, { hint: later, cause: error });
  }
  return error;
}

function refusalOf(data: object): GatewayError {
  const { error, needed, response_metadata: more } = data as Record<string, unknown>;
  const messages =
    typeof more === "object" && more !== null && "messages" in more && Array.isArray(more.messages)
      ? more.messages
      : [];
  return slackRefusal({
    ...(typeof error === "string" ? { error } : {}),
    ...(typeof needed === "string" ? { needed } : {}),
    messages: messages.filter((one) => typeof one === "string"),
  });
}
