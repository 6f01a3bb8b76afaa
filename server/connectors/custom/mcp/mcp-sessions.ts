import { GatewayError } from "../../framework/gateway-error.ts";
import { openMcpLink, type LinkOptions, type McpLink } from "./mcp-link.ts";

/** Where a server is reached, for one call. */
export interface SessionSpec extends LinkOptions {
  url: URL;
  headers: Record<string, string>;
  /** Where what it signs in with changes by itself: as whom it is begun. */
  who?: string;
  /** The way to the network of this call. */
  fetch: typeof fetch;
}

/** Conversations over streamable HTTP: a server may remember one over several calls, each of which has its own way to the network. */
export interface McpSessions {
  use<T>(id: string, spec: SessionSpec, work: (link: McpLink) => Promise<T>): Promise<T>;
  /** From now on a new one begins. */
  forget(id: string): void;
}

interface Known {
  /** Where and as whom it was begun. */
  mark: string;
  sessionId: string;
  protocolVersion: string | undefined;
  at: number;
}

/** Longer than this nobody keeps one for us. */
const keptMs = 15 * 60_000;

/** Creates it; conversations are kept in memory alone. */
export function createMcpSessions({ version, monotonic }: { version: string; monotonic: () => number }): McpSessions {
  const known = new Map<string, Known>();

  async function once<T>(
    id: string,
    spec: SessionSpec,
    work: (link: McpLink) => Promise<T>,
    kept: Known | null,
  ): Promise<T> {
    const { StreamableHTTPClientTransport } = await import("@modelcontextprotocol/sdk/client/streamableHttp.js");
    const transport = new StreamableHTTPClientTransport(spec.url, {
      fetch: onlyAnswers(spec.fetch),
      requestInit: { headers: spec.headers },
      ...(kept === null ? {} : { sessionId: kept.sessionId }),
    });
    if (kept?.protocolVersion !== undefined) transport.setProtocolVersion(kept.protocolVersion);
    const { signal, timeoutMs } = spec;
    const link = await openMcpLink(transport, { version, monotonic, signal, timeoutMs });
    try {
      const { sessionId, protocolVersion } = transport;
      if (sessionId !== undefined) known.set(id, { mark: markOf(spec), sessionId, protocolVersion, at: monotonic() });
      return await work(link);
    } finally {
      await link.close();
    }
  }

  return {
    forget: (id) => void known.delete(id),
    async use(id, spec, work) {
      const found = known.get(id);
      const isGood = found !== undefined && found.mark === markOf(spec) && monotonic() - found.at < keptMs;
      try {
        return await once(id, spec, work, isGood ? found : null);
      } catch (error) {
        // Who was not let in goes on where it was once it is.
        if (!isUnauthorized(error)) known.delete(id);
        // The server does not know it any more, so it has done nothing.
        if (isGood && isForgotten(error)) return once(id, spec, work, null);
        throw error;
      }
    },
  };
}

function markOf({ url, headers, who }: SessionSpec): string {
  return JSON.stringify([url.href, who ?? headers]);
}

function isForgotten(error: unknown): boolean {
  return statusIn(error) === 404;
}

/** Whether a server wants to know who asks. */
export function isUnauthorized(error: unknown): boolean {
  return statusIn(error) === 401;
}

function statusIn(error: unknown): unknown {
  if (!(error instanceof GatewayError) || !(error.cause instanceof Error)) return null;
  return "code" in error.cause ? error.cause.code : null;
}

/** What a server has to say besides its answers is not listened to: nobody would read it between calls. */
function onlyAnswers(forward: typeof fetch): typeof fetch {
  return (input, init) =>
    init?.method === undefined || init.method === "GET"
      ? Promise.resolve(new Response(null, { status: 405 }))
      : forward(input, init);
}
