import { AppError } from "../../../lib/app-error.ts";
import { guardedRequest, type GuardedReply } from "../../../lib/guarded-http/guarded-http.ts";
import { loopbackGuard } from "../../../lib/guarded-http/loopback-guard.ts";
import { type ActionResult, type ActionRunner, cancelReason, type RunContext } from "./action-runner.ts";
import type { StoredAction } from "./automation-record.ts";

/** What automations may know of and do to apps. */
export interface AutomationApps {
  /** `null` when there is no such app. */
  find(appId: string): { name: string; ports: number[] } | null;
  restart(appId: string): Promise<void>;
}

/** The apps as automations see them. */
export function automationApps(apps: {
  list(): readonly { id: string; name: string; processes: readonly { ports: readonly number[] }[] }[];
  run(id: string, deed: "restart"): Promise<unknown>;
}): AutomationApps {
  return {
    find(appId) {
      const app = apps.list().find(({ id }) => id === appId);
      return app ? { name: app.name, ports: app.processes.flatMap(({ ports }) => [...ports]) } : null;
    },
    restart: async (appId) => {
      await apps.run(appId, "restart");
    },
  };
}

type UrlAction = Extract<StoredAction, { kind: "url" }>;
type RestartAction = Extract<StoredAction, { kind: "restart-app" }>;

const keptBodyBytes = 262_144;
const maxRedirects = 5;
const stopping = "PortOS was stopped during the call; it is not repeated";

/** Calls a port of a registered app on this machine and nothing else. */
export function createUrlAction(apps: AutomationApps): ActionRunner<UrlAction> {
  return {
    async start(context, action) {
      const { output, signal, detach } = context;
      const app = apps.find(action.appId);
      if (app === null) return { state: "failed", reason: `There is no app "${action.appId}" any more` };
      const port = action.port ?? app.ports[0];
      if (port === undefined) return { state: "failed", reason: `${app.name} has no port` };
      try {
        const reply = await guardedRequest({
          url: `http://127.0.0.1:${port}${action.path}`,
          method: action.method,
          guard: loopbackGuard(app.ports),
          timeoutMs: action.timeoutMs,
          maxBytes: keptBodyBytes,
          maxRedirects: action.expectedStatus >= 300 && action.expectedStatus < 400 ? 0 : maxRedirects,
          signal: AbortSignal.any([signal, detach]),
        });
        await output.append(0, printed(action, port, reply));
        return judged(action, reply);
      } catch (error) {
        return failed(error, context);
      }
    },
  };
}

function judged(action: UrlAction, { status }: GuardedReply): ActionResult {
  return status === action.expectedStatus
    ? { state: "succeeded", reason: null, httpStatus: status }
    : { state: "failed", reason: `Status ${status} instead of ${action.expectedStatus}`, httpStatus: status };
}

function failed(error: unknown, { signal, detach }: RunContext): ActionResult {
  if (signal.aborted) return { state: "cancelled", reason: cancelReason(signal) };
  if (detach.aborted) return { state: "interrupted", reason: stopping };
  if (error instanceof AppError) return { state: "failed", reason: error.message };
  throw error;
}

function printed(action: UrlAction, port: number, reply: GuardedReply): Uint8Array {
  const head = [`${action.method} http://127.0.0.1:${port}${action.path}`, `HTTP ${reply.status}`];
  for (const name of ["content-type", "location"]) {
    const value = reply.headers[name];
    if (value !== undefined) head.push(`${name}: ${value}`);
  }
  const cut = reply.isCut ? `\n[cut after ${keptBodyBytes / 1024} KiB]\n` : "";
  return Buffer.concat([Buffer.from(`${head.join("\n")}\n\n`), reply.body, Buffer.from(cut)]);
}

/** Restarts a registered app. */
export function createRestartAction(apps: AutomationApps): ActionRunner<RestartAction> {
  return {
    async start({ output }, action) {
      const app = apps.find(action.appId);
      if (app === null) return { state: "failed", reason: `There is no app "${action.appId}" any more` };
      try {
        await apps.restart(action.appId);
      } catch (error) {
        if (error instanceof AppError) return { state: "failed", reason: error.message };
        throw error;
      }
      await output.append(0, Buffer.from(`${app.name} was restarted\n`));
      return { state: "succeeded", reason: null };
    },
  };
}
