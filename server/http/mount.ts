import type { NextFunction, Request, Response, Router } from "express";

import type { EndpointGroup, StepUp } from "../../contract/endpoint.ts";
import type { Caller } from "../../contract/features/history.ts";
import { plainAddress, toCaller, type Callers, type Identity } from "../../lib/callers.ts";
import { newCorrelationId, withCorrelation } from "../../lib/correlation.ts";
import {
  bindEndpoints,
  parseQuery,
  sendJson,
  sendRaw,
  toErrorBody,
  type BoundEndpoint,
  type Handlers,
} from "../../lib/endpoint-runner.ts";
import { readBytes, readJsonBody } from "../../lib/json-body.ts";
import type { Logger } from "../../lib/logger.ts";
import type { ActionRecorder } from "./action-recorder.ts";
import { neededFor, readElevation, writeElevation, type StepUpGuard } from "./step-up.ts";

/** What a handler knows besides its input. */
export interface RequestContext {
  /** Aborts when the caller goes away. */
  signal: AbortSignal;
  caller: Caller;
  /** Who the caller is, as far as that can be known. */
  identity: Identity;
  /** Token of a browser in which the PIN was entered. */
  token: string | null;
  /** For endpoints marked with `stepUpWhen`: throws `step_up_required` unless the PIN was entered, or there is none. */
  demand(what: StepUp): void;
  /** Sends the browser its token; `null` takes it away. */
  setElevation(token: string | null, minutes: number): void;
  correlationId: string;
  /** Lower-case header or "". */
  header(name: string): string;
  /** All headers as they came, names in lower case; one that came twice is joined with commas. */
  headers: Readonly<Record<string, string>>;
  /** For endpoints that take a raw body: its bytes. Throws `too_large`. */
  readBytes(maxBytes: number): Promise<Buffer>;
}

/** Binds one endpoint group of the contract to its handlers: `mount("apps", appsEndpoints)({ list: … })`. */
export type Mount = <G extends EndpointGroup>(
  group: string,
  endpoints: G,
) => (handlers: Handlers<G, RequestContext>) => void;

export interface MountDependencies {
  router: Router;
  callers: Callers;
  recorder: ActionRecorder;
  /** Asked before every endpoint that is marked with `stepUp`, or with `stepUpFor` for this body. */
  stepUp: StepUpGuard;
  /** Cookie with the token of a browser in which the PIN was entered. */
  cookie: string;
  /** Told of everybody who asks. */
  onCaller: (caller: Caller) => void;
  logger: Logger;
}

/** Returns the `Mount` of an app and the list of what was mounted, for the parity test and OpenAPI. */
export function createMount(dependencies: MountDependencies): {
  mount: Mount;
  mounted: BoundEndpoint<RequestContext>[];
} {
  const mounted: BoundEndpoint<RequestContext>[] = [];
  return {
    mounted,
    mount: (group, endpoints) => (handlers) => {
      for (const bound of bindEndpoints(group, endpoints, handlers)) {
        mounted.push(bound);
        const method = bound.endpoint.method.toLowerCase() as "get" | "post" | "put" | "patch" | "delete";
        dependencies.router[method](bound.endpoint.path, (request, response, next) => {
          serve(bound, request, response, dependencies).catch(next);
        });
      }
    },
  };
}

async function serve(
  bound: BoundEndpoint<RequestContext>,
  request: Request,
  response: Response,
  dependencies: MountDependencies,
): Promise<void> {
  const startedAt = performance.now();
  const correlationId = newCorrelationId();
  response.setHeader("X-Correlation-Id", correlationId);
  const identity = await dependencies.callers.know(request);
  const caller = toCaller(identity, plainAddress(request.socket.remoteAddress));
  dependencies.onCaller(caller);
  const token = readElevation(request, dependencies.cookie);
  const aborted = new AbortController();
  response.once("close", () => {
    aborted.abort();
  });

  await withCorrelation(correlationId, async () => {
    let body: unknown;
    const nameBefore = await dependencies.recorder.nameOf(bound, request.params);
    try {
      if (bound.endpoint.stepUp) dependencies.stepUp.demand(bound.endpoint.stepUp, token, caller);
      const hasJson = bound.endpoint.method !== "GET" && !bound.endpoint.takesRawBody;
      body = hasJson ? await readJsonBody(request, bound.endpoint.maxBodyBytes) : undefined;
      const needed = neededFor(bound.endpoint, body);
      if (needed !== null) dependencies.stepUp.demand(needed, token, caller);
      const search = new URL(request.url, "http://localhost").searchParams;
      const reply = await bound.run(
        { params: request.params, query: parseQuery(search), body },
        {
          signal: aborted.signal,
          caller,
          identity,
          token,
          demand: (what) => {
            dependencies.stepUp.demand(what, token, caller);
          },
          correlationId,
          header: (name) => request.get(name)?.toLowerCase() ?? "",
          headers: plainHeaders(request),
          readBytes: (maxBytes) => readBytes(request, maxBytes),
          setElevation: (value, minutes) =>
            response.setHeader("Set-Cookie", writeElevation(request, dependencies.cookie, value, minutes)),
        },
      );
      await record({ reply });
      if ("raw" in bound.endpoint.reply) await sendRaw(response, reply as Parameters<typeof sendRaw>[1]);
      else sendJson(response, 200, reply, request.headers["if-none-match"]);
    } catch (error) {
      const failure = toErrorBody(error, correlationId);
      if (failure.status >= 500) dependencies.logger.error("Request failed", { call: bound.id }, error);
      await record({ failure: failure.body.error });
      if (response.headersSent) response.destroy();
      else sendJson(response, failure.status, failure.body);
    }

    function record(result: {
      reply?: unknown;
      failure?: ReturnType<typeof toErrorBody>["body"]["error"];
    }): Promise<void> {
      return dependencies.recorder.record({
        bound,
        caller,
        correlationId,
        durationMs: performance.now() - startedAt,
        params: request.params,
        body,
        nameBefore,
        ...result,
      });
    }
  });
}

function plainHeaders({ headers }: Request): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : (value ?? "")]),
  );
}

/** The last resort of the Express chain: a malformed address is the caller's mistake, the rest is ours. */
export function routerErrors(logger: Logger) {
  return (error: unknown, _request: Request, response: Response, next: NextFunction): void => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const id = newCorrelationId();
    if (error instanceof URIError) {
      sendJson(response, 400, {
        error: { code: "invalid_request", message: "The address is not validly encoded", correlationId: id },
      });
      return;
    }
    const { status, body } = toErrorBody(error, id);
    if (status >= 500) logger.error("Request failed", { id }, error);
    sendJson(response, status, body);
  };
}
