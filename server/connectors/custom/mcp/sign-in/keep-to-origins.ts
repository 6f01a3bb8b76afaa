import { redirectOf } from "../../../../../lib/guarded-http/redirects.ts";
import { GatewayError } from "../../../framework/gateway-error.ts";

const mostRedirects = 5;

/**
 * A `fetch` to these origins alone, wherever they send it: each redirect of a question is followed here, so that its address is looked
 * at as the first one was. Whatever else is sent never goes on.
 */
export function keepToOrigins(forward: typeof fetch, origins: readonly string[]): typeof fetch {
  function check({ origin }: URL): void {
    if (!origins.includes(origin)) throw elsewhere(origin);
  }
  return async (input, init) => {
    const { url: address, method, redirect } = asked(input, init);
    check(address);
    if (redirect !== "follow") return forward(input, init); // whoever asks so reads the redirect, or takes it for a failure
    if (method !== "GET" || input instanceof Request) return neverSentOn(forward)(input, init);
    let url = address;
    let reply = await forward(url, { ...init, redirect: "manual" });
    for (let redirects = 0; ; redirects += 1) {
      const location = locationOf(reply);
      if (location === null) return reply;
      await reply.body?.cancel();
      if (redirects >= mostRedirects || !URL.canParse(location, url)) throw lost(url.host);
      url = new URL(location, url);
      check(url);
      reply = await forward(url, { ...init, redirect: "manual" });
    }
  };
}

/** For what carries a code, a token or the secret of a client: a redirect is a failure, within the same origin as well. */
export function neverSentOn(forward: typeof fetch): typeof fetch {
  return async (input, init) => {
    const reply = await forward(input, { ...init, redirect: "manual" });
    if (locationOf(reply) === null) return reply;
    await reply.body?.cancel();
    throw sentOn(asked(input, init).url.host);
  };
}

function asked(input: string | URL | Request, init: RequestInit | undefined) {
  const request = input instanceof Request ? input : null;
  return {
    url: new URL(request?.url ?? (input as string | URL)),
    method: (init?.method ?? request?.method ?? "GET").toUpperCase(),
    redirect: init?.redirect ?? request?.redirect ?? "follow",
  };
}

function locationOf({ status, headers }: Response): string | null {
  return redirectOf({ status, headers: Object.fromEntries(headers) });
}

function elsewhere(origin: string): GatewayError {
  return new GatewayError("refused_by_guard", `Signing in leads to ${origin}, which nobody has agreed to`, {
    hint: "Look at where it signs in, then sign in anew.",
    isFinal: true,
  });
}

function sentOn(host: string): GatewayError {
  return new GatewayError("refused_by_guard", `${host} sends on what is for it alone: nothing was sent there`, {
    hint: "Ask whoever runs the server: codes, tokens and secrets do not follow a redirect.",
    isFinal: true,
  });
}

function lost(host: string): GatewayError {
  return new GatewayError("upstream_failed", `${host} sends on and on, or to something that is no address`, {
    hint: "Ask whoever runs the server.",
    isFinal: true,
  });
}
