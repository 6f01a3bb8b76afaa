import type { IncomingMessage } from "node:http";

const landing = /^\/api\/mcp-connectors\/[a-z0-9-]{1,40}\/sign-in\/callback(?:\?|$)/;

/**
 * Whether a request is the way back from a page of another site on which the user has signed in: the one thing another site may send a
 * browser to. Only as a page that is opened as such, so that no picture, frame or script of theirs can ask for it.
 */
export function isSignInLanding({ method, url = "", headers }: Pick<IncomingMessage, "method" | "url" | "headers">) {
  return (
    method === "GET" &&
    headers.origin === undefined &&
    headers["sec-fetch-mode"] === "navigate" &&
    headers["sec-fetch-dest"] === "document" &&
    landing.test(url)
  );
}
