import type { Approval } from "../../../contract/features/approvals.ts";
import { formatClock } from "../lib/time.ts";
import { element } from "./dom.ts";

const words = {
  allowed: { text: "Allowed", tone: "ok" },
  denied: { text: "Denied", tone: "bad" },
  expired: { text: "Denied: nobody answered in time", tone: "warn" },
  withdrawn: { text: "No longer asked", tone: "warn" },
} as const;

const toldWhenBack = "It is told as soon as portos-cos answers again.";
const toldWhenAsked = "The run goes on, and is told when it asks again.";

/** Who settled it, when, and on which device. */
export function settledView({ state, decision, isDelivered, isParked }: Approval): HTMLElement {
  if (state === "pending" || decision === null) return element("p");
  const { by, device, at, reason } = decision;
  const who = [
    state === "expired" || state === "withdrawn" ? null : `by ${by}`,
    device === null ? null : `on ${device}`,
  ];
  const line = [...who, `at ${formatClock(at)}`].filter((part) => part !== null).join(" ");
  return element(
    "div",
    { className: "note", tone: words[state].tone },
    element("b", {}, words[state].text),
    line,
    reason === null || state === "expired" ? null : element("p", { className: "dim" }, reason),
    isDelivered ? null : element("p", { className: "dim" }, isParked === true ? toldWhenAsked : toldWhenBack),
  );
}
