import type { Clock } from "./clock.ts";

export interface CircuitBreakerOptions {
  clock: Clock;
  /** Failures in a row that open it. */
  failuresToOpen?: number;
  /** A failure this long after the one before begins a new row, in milliseconds. */
  forgetMs?: number;
  /** How long it stays open at first, in milliseconds; twice as long after each probe in vain. */
  openMs?: number;
  maxOpenMs?: number;
  /** Told after each change of a state. */
  onChange?(state: BreakerState): void;
}

/** `closed`: calls go through. `open`: none does until `until`. `half-open`: one call goes through and decides. */
export interface BreakerState {
  target: string;
  state: "closed" | "open" | "half-open";
  /** When it became so, ISO 8601. */
  since: string;
  /** When the next call may go through, ISO 8601; `null` unless it is open. */
  until: string | null;
  /** Failures in a row. */
  failures: number;
  lastReason: string | null;
}

/** A call that may go through; whoever makes it says how it ended, once. */
export interface BreakerPass {
  ok: true;
  /** The one call that decides whether a half-open breaker closes. */
  isProbe: boolean;
  succeeded(): void;
  failed(reason: string): void;
  /** It says nothing about the target: cancelled, refused by us. */
  dropped(): void;
}

/** Keeps callers from targets that fail again and again, each target by itself. */
export interface CircuitBreaker {
  /** Whether a call may go through now; if not, why and until when. */
  admit(target: string): BreakerPass | { ok: false; state: BreakerState };
  state(target: string): BreakerState;
  /** Every target that has failed and not recovered yet. */
  states(): BreakerState[];
  /** Closes one by hand. */
  reset(target: string): void;
}

interface Circuit {
  target: string;
  state: BreakerState["state"];
  sinceMs: number;
  /** Monotonic. */
  openUntil: number;
  openForMs: number;
  failures: number;
  lastFailureAt: number;
  lastReason: string | null;
  /** Monotonic time the probe began, `null` when there is none. */
  probeSince: number | null;
  /** Grows with each change: what a call of an earlier time says no longer counts. */
  round: number;
}

/** Most targets that are remembered; the one that failed longest ago is forgotten first. */
const maxTargets = 1_000;

/** Creates it; state lives in memory, because a restart is a good reason to try again. */
export function createCircuitBreaker(options: CircuitBreakerOptions): CircuitBreaker {
  const { clock, failuresToOpen = 5, forgetMs = 120_000, openMs = 15_000, maxOpenMs = 300_000, onChange } = options;
  const circuits = new Map<string, Circuit>();

  function change(circuit: Circuit, state: Circuit["state"]): void {
    circuit.state = state;
    circuit.sinceMs = clock.now();
    circuit.round += 1;
    circuit.probeSince = null;
    if (state === "closed") circuits.delete(circuit.target);
    onChange?.(shown(circuit));
  }

  function open(circuit: Circuit): void {
    circuit.openForMs = circuit.openForMs === 0 ? openMs : Math.min(maxOpenMs, circuit.openForMs * 2);
    circuit.openUntil = clock.monotonic() + circuit.openForMs;
    change(circuit, "open");
  }

  function fail(circuit: Circuit, reason: string): void {
    const now = clock.monotonic();
    circuit.failures = now - circuit.lastFailureAt > forgetMs ? 1 : circuit.failures + 1;
    circuit.lastFailureAt = now;
    circuit.lastReason = reason;
    circuits.delete(circuit.target); // to the end: the order of the map is that of the failures
    circuits.set(circuit.target, circuit);
    const [oldest] = circuits.keys();
    if (circuits.size > maxTargets && oldest !== undefined) circuits.delete(oldest);
    if (circuit.state === "half-open" || circuit.failures >= failuresToOpen) open(circuit);
  }

  function pass(target: string, isProbe: boolean): BreakerPass {
    const round = circuits.get(target)?.round ?? 0;
    let isDone = false;
    const once = (tell: (circuit: Circuit | undefined) => void) => {
      const circuit = circuits.get(target);
      if (isDone || (circuit?.round ?? 0) !== round) return;
      isDone = true;
      tell(circuit);
    };
    return {
      ok: true,
      isProbe,
      succeeded: () => {
        once((circuit) => {
          if (circuit?.state === "half-open") change(circuit, "closed");
          else circuits.delete(target);
        });
      },
      failed: (reason) => {
        once((circuit) => {
          fail(circuit ?? closedCircuit(target, clock.now()), reason);
        });
      },
      dropped: () => {
        once((circuit) => {
          if (isProbe && circuit) circuit.probeSince = null;
        });
      },
    };
  }

  function shown(circuit: Circuit): BreakerState {
    const { target, state, sinceMs, failures, lastReason } = circuit;
    const left = circuit.openUntil - clock.monotonic();
    return {
      target,
      state,
      since: new Date(sinceMs).toISOString(),
      until: state === "open" ? new Date(clock.now() + Math.max(0, left)).toISOString() : null,
      failures: state === "closed" && circuit.round > 0 ? 0 : failures,
      lastReason,
    };
  }

  return {
    admit(target) {
      const circuit = circuits.get(target);
      if (!circuit || circuit.state === "closed") return pass(target, false);
      const now = clock.monotonic();
      if (circuit.state === "open") {
        if (now < circuit.openUntil) return { ok: false, state: shown(circuit) };
        change(circuit, "half-open");
      }
      // A probe nobody hears of any more must not keep the target shut for ever.
      const isProbing = circuit.probeSince !== null && now - circuit.probeSince < maxOpenMs;
      if (isProbing) return { ok: false, state: shown(circuit) };
      circuit.probeSince = now;
      return pass(target, true);
    },
    state: (target) => shown(circuits.get(target) ?? closedCircuit(target, clock.now())),
    states: () => Array.from(circuits.values(), shown),
    reset(target) {
      const circuit = circuits.get(target);
      if (circuit) change(circuit, "closed");
    },
  };
}

function closedCircuit(target: string, sinceMs: number): Circuit {
  return {
    target,
    state: "closed",
    sinceMs,
    openUntil: 0,
    openForMs: 0,
    failures: 0,
    lastFailureAt: Number.NEGATIVE_INFINITY,
    lastReason: null,
    probeSince: null,
    round: 0,
  };
}
