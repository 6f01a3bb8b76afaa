import type { FetchFunction, WebClient } from "@slack/web-api";

import type { ConnectorHttp, OperationContext } from "../framework/define-connector.ts";
import { slackFailure } from "./slack-failure.ts";

/** What Slack is reached with. */
export interface SlackConfig {
  token: string;
  apiUrl: string;
}

type Context = Pick<OperationContext<SlackConfig>, "config" | "http" | "clock">;

/**
 * Slack's own client, with our way to the network in the place of `fetch`: it brings no HTTP library, takes any function of that
 * shape, and sends forms as text. Waiting and trying again is ours too, so that one clock and one limit hold. Its upload of
 * files is not used: it reads paths, and sends the token along to the address of the upload.
 */
export async function withSlack<T>(
  { config, http }: Context,
  work: (client: WebClient) => Promise<T>,
  { isIdempotent = false }: { isIdempotent?: boolean } = {},
): Promise<T> {
  const { WebClient: Client, LogLevel } = await import("@slack/web-api"); // heavy, and rarely used
  const client = new Client(config.token, {
    slackApiUrl: config.apiUrl,
    allowAbsoluteUrls: false,
    fetch: fetchThrough(http, isIdempotent),
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logger: { ...silent, getLevel: () => LogLevel.ERROR },
  });
  try {
    return await work(client);
  } catch (error) {
    throw slackFailure(error);
  }
}

function fetchThrough(http: ConnectorHttp, isIdempotent: boolean): FetchFunction {
  return async (url, init = {}) => {
    if (init.body !== undefined && typeof init.body !== "string")
      throw new TypeError("only text is sent to Slack's methods");
    const reply = await http.request({
      url,
      method: "POST",
      maxRedirects: 0,
      ...(init.headers === undefined ? {} : { headers: init.headers }),
      ...(init.body === undefined ? {} : { body: init.body }),
      ...(isIdempotent ? { isIdempotent } : {}),
    });
    return {
      ok: reply.status >= 200 && reply.status < 300,
      status: reply.status,
      statusText: "",
      url: reply.url,
      headers: {
        get: (name) => reply.headers[name.toLowerCase()] ?? null,
        entries: () => Object.entries(reply.headers),
      },
      arrayBuffer: () => Promise.resolve(new Uint8Array(reply.bytes).buffer),
      json: () => Promise.resolve(reply.json()),
      text: () => Promise.resolve(reply.text()),
    };
  };
}

const nothing = (): void => undefined;
/** What it would print may hold what was sent. */
const silent = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  setLevel: nothing,
  setName: nothing,
};
