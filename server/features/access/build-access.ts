import type { Caller, HistoryEntry } from "../../../contract/features/history.ts";
import { mcpPath } from "../../../contract/mcp-path.ts";
import { followGuests, type AccessFile } from "../../../lib/access-file.ts";
import { callerKey, createCallers, thisMachine, type Callers } from "../../../lib/callers.ts";
import type { Clock } from "../../../lib/clock.ts";
import { newCorrelationId } from "../../../lib/correlation.ts";
import type { Env } from "../../../lib/env.ts";
import { createGate, type Gate, type GateOptions } from "../../../lib/gate.ts";
import { createGuests } from "../../../lib/guests.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import type { Logger } from "../../../lib/logger.ts";
import { createRefusalBook, type Refusal, type RefusalBook } from "../../../lib/refusal-book.ts";
import { programRefused, whatOf } from "../../../lib/refusal-teller.ts";
import type { SecretBox } from "../../../lib/secret-box.ts";
import { isSignInLanding } from "../../../lib/sign-in-landing.ts";
import { systemTailscale, type Tailscale } from "../../../lib/tailnet.ts";
import { createAccessService, type AccessService } from "./access-service.ts";
import type { AccessStateFile } from "./access-state.ts";
import { createPinKeeper } from "./pin-keeper.ts";

export interface BuildAccessOptions {
  env: Env;
  logger: Logger;
  clock: Clock;
  file: JsonStore<AccessFile>;
  state: JsonStore<AccessStateFile>;
  secrets: SecretBox;
  /** Writes to the history. */
  append: (entry: HistoryEntry) => Promise<void>;
  machine?: GateOptions["machine"];
  tailscale?: Tailscale | undefined;
}

export interface Access {
  gate: Gate;
  callers: Callers;
  service: AccessService;
  /** Takes down a refusal of this process. */
  book: RefusalBook;
  /** Writes what another process has refused into the history. */
  tell: (refusal: Refusal) => void;
  stop(): void;
}

/** The gate of portos-server with its list of guests, the names of callers, and the PIN. */
export function buildAccess(options: BuildAccessOptions): Access {
  const { env, clock, logger, file, state, machine, tailscale = systemTailscale } = options;
  const callers = createCallers(tailscale);
  const guests = followGuests(file, env.dataDir);
  const tell = (refusal: Refusal): void => {
    if (callerKey(refusal.caller) !== thisMachine) service.noteSeen(refusal.caller);
    options.append(toEntry(refusal, clock.now())).catch((error: unknown) => {
      logger.error("A refusal could not be written to the history", {}, error);
    });
  };
  const book = createRefusalBook({ clock, logger, tell });
  const ownName = (): string => gate.ownName();
  const gate = createGate({
    peers: "tailnet",
    ports: [env.ports.server, env.ports.ui],
    env,
    logger,
    ...(machine ? { machine } : {}),
    guests: createGuests({ callers, source: guests, ownName }),
    onGuestRefused: (request, reason) => {
      void callers.identify(request).then((caller) => {
        book.note({ caller, reason, what: whatOf(request) });
      });
    },
    isLanding: isSignInLanding,
    isOpenToRuns: ({ url = "" }) => url === mcpPath,
    onProgramRefused: (request, refusal) => {
      book.note(programRefused(request, refusal));
    },
  });
  const pin = createPinKeeper({ file, state, secrets: options.secrets, clock, logger });
  const service = createAccessService({
    file,
    state,
    guests,
    pin,
    callers,
    tailscale,
    ownName,
    clock,
    onWriteFailed: (error) => {
      logger.error("Who came could not be written down", {}, error);
    },
  });
  return {
    gate,
    callers,
    service,
    book,
    tell,
    stop() {
      book.stop();
      pin.stop();
      guests.stop();
    },
  };
}

const reasons: Record<string, string> = {
  list: "Not on the list of who may come in",
  unknown: "Tailscale does not know this address, so it cannot be looked up in the list",
  unreachable: "Tailscale did not answer, so the list could not be asked",
  unproven: "Came by a way that does not prove who it is",
  agent: "A program started by an agent may not use PortOS",
  gone: "The program went away before it could be known",
  busy: "Programs of agents kept asking, so this one was not looked for",
  step_up_required: "The PIN was not entered",
};

function toEntry({ caller, reason, what, times }: Refusal, now: number): HistoryEntry {
  const id = newCorrelationId();
  const isPin = reason === "step_up_required";
  const message = reasons[reason] ?? reason;
  return {
    id,
    at: new Date(now).toISOString(),
    correlationId: id,
    action: isPin ? what.replace(":", ".") : "access.enter",
    summary: isPin ? "Use a terminal" : "Come in",
    subject: isPin ? null : what,
    subjectName: null,
    outcome: "refused",
    code: isPin ? "step_up_required" : "forbidden",
    message: times === 1 ? message : `${message}; ${times} times within a minute`,
    durationMs: 0,
    caller: namedOnly(caller),
  };
}

function namedOnly({ name, address, node }: Caller): Caller {
  return node === undefined ? { name, address } : { name, address, node };
}
