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
  /** Every target that has failed lately and not recovered yet. */
  states(): BreakerState[];
  /** Closes one by hand. */
  reset(target: string): void;
  /** Closes all of them. */
  resetAll(): void;
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
  const book = new CircuitBook({
    clock,
    failuresToOpen,
    forgetMs,
    openMs,
    maxOpenMs,
    onChange: onChange ?? (() => undefined),
  });
  return {
    admit(target) {
      const circuit = book.find(target);
      if (!circuit || circuit.state === "closed") return passOf(book, target, false);
      const now = clock.monotonic();
      if (circuit.state === "open") {
        if (now < circuit.openUntil) return { ok: false, state: shown(circuit, clock) };
        book.change(circuit, "half-open");
      }
      // A probe nobody hears of any more must not keep the target shut for ever.
      const isProbing = circuit.probeSince !== null && now - circuit.probeSince < maxOpenMs;
      if (isProbing) return { ok: false, state: shown(circuit, clock) };
      circuit.probeSince = now;
      return passOf(book, target, true);
    },
    state: (target) => shown(book.find(target) ?? closedCircuit(target, clock.now()), clock),
    states: () => book.recent().map((circuit) => shown(circuit, clock)),
    reset(target) {
      const circuit = book.find(target);
      if (circuit) book.change(circuit, "closed");
    },
    resetAll() {
      for (const circuit of book.all()) book.change(circuit, "closed");
    },
  };
}

/** The circuits that are not simply closed, in the order of their last failures. */
class CircuitBook {
  readonly #circuits = new Map<string, Circuit>();
  readonly #options: Required<CircuitBreakerOptions>;

  constructor(options: Required<CircuitBreakerOptions>) {
    this.#options = options;
  }

  find(target: string): Circuit | undefined {
    return this.#circuits.get(target);
  }

  all(): Circuit[] {
    return [...this.#circuits.values()];
  }

  /** Without those whose failures no longer count. */
  recent(): Circuit[] {
    const { clock, forgetMs } = this.#options;
    const now = clock.monotonic();
    return this.all().filter(({ state, lastFailureAt }) => state !== "closed" || now - lastFailureAt <= forgetMs);
  }

  change(circuit: Circuit, state: Circuit["state"]): void {
    const { clock, onChange } = this.#options;
    circuit.state = state;
    circuit.sinceMs = clock.now();
    circuit.round += 1;
    circuit.probeSince = null;
    if (state === "closed") this.#circuits.delete(circuit.target);
    onChange(shown(circuit, clock));
  }

  succeed(circuit: Circuit): void {
    if (circuit.state === "half-open") this.change(circuit, "closed");
    else this.#circuits.delete(circuit.target);
  }

  fail(target: string, reason: string): void {
    const { clock, forgetMs, failuresToOpen } = this.#options;
    const circuit = this.find(target) ?? closedCircuit(target, clock.now());
    const now = clock.monotonic();
    circuit.failures = now - circuit.lastFailureAt > forgetMs ? 1 : circuit.failures + 1;
    circuit.lastFailureAt = now;
    circuit.lastReason = reason;
    this.#circuits.delete(target); // to the end
    this.#circuits.set(target, circuit);
    const [oldest] = this.#circuits.keys();
    if (this.#circuits.size > maxTargets && oldest !== undefined) this.#circuits.delete(oldest);
    if (circuit.state === "half-open" || circuit.failures >= failuresToOpen) this.#open(circuit);
  }

  #open(circuit: Circuit): void {
    const { clock, openMs, maxOpenMs } = this.#options;
    circuit.openForMs = circuit.openForMs === 0 ? openMs : Math.min(maxOpenMs, circuit.openForMs * 2);
    circuit.openUntil = clock.monotonic() + circuit.openForMs;
    this.change(circuit, "open");
  }
}

/** What is said through a pass counts once, and only while the circuit is as it was when the call began. */
function passOf(book: CircuitBook, target: string, isProbe: boolean): BreakerPass {
  const round = book.find(target)?.round ?? 0;
  let isDone = false;
  const once = (tell: (circuit: Circuit | undefined) => void): void => {
    const circuit = book.find(target);
    if (isDone || (circuit?.round ?? 0) !== round) return;
    isDone = true;
    tell(circuit);
  };
  return {
    ok: true,
    isProbe,
    succeeded: () => {
      once((circuit) => {
        if (circuit) book.succeed(circuit);
      });
    },
    failed: (reason) => {
      once(() => {
        book.fail(target, reason);
      });
    },
    dropped: () => {
      once((circuit) => {
        if (isProbe && circuit) circuit.probeSince = null;
      });
    },
  };
}

function shown(circuit: Circuit, clock: Clock): BreakerState {
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
