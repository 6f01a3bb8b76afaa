import type { IncomingMessage } from "node:http";

import type { Endpoint, StepUp } from "../../contract/endpoint.ts";
import type { Caller } from "../../contract/features/history.ts";
import { AppError } from "../../lib/app-error.ts";
import { isLoopback } from "../../lib/loopback.ts";

/** The one place that knows whether the PIN stands before an action. */
export interface StepUpGuard {
  /** Throws `step_up_required` when a PIN is set and the browser behind `token` has not entered it. */
  demand(what: StepUp, token: string | null, caller: Caller): void;
}

const texts: Record<StepUp, string> = {
  terminal: "Terminals ask for your PIN",
  secret: "Changing this asks for your PIN",
  delete: "Deleting asks for your PIN",
  allow: "What lets agents act without asking you asks for your PIN",
};

/** What the PIN stands before when an endpoint is asked with this body, as it came; `null` when nothing. */
export function neededFor({ stepUpFor }: Endpoint, body: unknown): StepUp | null {
  if (stepUpFor === undefined || typeof body !== "object" || body === null) return null;
  const { field, value, what } = stepUpFor;
  return Object.entries(body).some(([name, given]) => name === field && given === value) ? what : null;
}

/** The refusal the page answers with its PIN sheet. */
export function stepUpRequired(what: StepUp): AppError {
  return new AppError("step_up_required", texts[what], { hint: "Enter the PIN, then do it again." });
}

/** Cookies know no ports, so two PortOS of one machine need two names. */
export function elevationCookie(port: number): string {
  return `portos-pin-${port}`;
}

/** Token of the cookie, `null` without one. */
export function readElevation(request: IncomingMessage, name: string): string | null {
  for (const part of (request.headers.cookie ?? "").split(";")) {
    const [key, value] = part.trim().split("=", 2);
    if (key === name && value !== undefined && /^[\w-]{43}$/.test(value)) return value;
  }
  return null;
}

/** Value of `Set-Cookie`: out of reach for scripts, never sent along from another site. `null` takes the cookie away. */
export function writeElevation(request: IncomingMessage, name: string, token: string | null, minutes: number): string {
  const isSecure = isLoopback(request.socket.remoteAddress) && request.headers["x-forwarded-proto"] === "https";
  const maxAge = token === null ? 0 : minutes * 60;
  return `${name}=${token ?? ""}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Strict${isSecure ? "; Secure" : ""}`;
}
