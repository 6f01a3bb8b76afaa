import type { EventStart } from "../../../../contract/features/automation-occurrences.ts";
import type { HookDelivery, HookInput, HookKind } from "../../../../contract/features/hooks.ts";
import type { Status } from "../../ui/status.ts";

/** Kinds of senders as people choose them. */
export const hookKinds: readonly { value: HookKind; label: string; text: string }[] = [
  {
    value: "github",
    label: "GitHub",
    text: "Signs the body. GitHub signs no time, so each message is taken once and never again.",
  },
  { value: "slack", label: "Slack", text: "Signs time and body. Enter the signing secret that Slack shows." },
  { value: "stripe", label: "Stripe", text: "Signs time and body. Enter the signing secret that Stripe shows." },
  { value: "standard", label: "Standard Webhooks", text: "Signs id, time and body, as many services do." },
  {
    value: "token",
    label: "Token in a header",
    text: "The secret itself comes along. Whoever sees one message can send others, so use it only where nothing else is offered.",
  },
];

/** What a new webhook begins with. */
export const newHook: HookInput = {
  name: "",
  kind: "standard",
  tokenHeader: "x-webhook-token",
  isEnabled: true,
  toleranceSeconds: 300,
  maxBodyBytes: 262_144,
  perMinute: 60,
  automationId: null,
};

/** Where a sender sends to, as this device reaches it. */
export function addressOf(id: string): string {
  return `${location.origin}/api/hooks/${id}`;
}

/** How a message was received, in the words used everywhere: what it started says itself how it went. */
export function statusOf({ verdict }: Pick<HookDelivery, "verdict">): Status {
  return verdict === "accepted" ? "taken" : verdict === "repeated" ? "skipped" : "refused";
}

/** How what a message started goes. */
export function startStatus({ state, isAsking }: Pick<EventStart, "state" | "isAsking">): Status {
  if (state === "waiting") return "queued";
  return isAsking ? "waiting for you" : state;
}

/** The same as a sentence. */
export function startSentence({ state, isAsking, reason }: Pick<EventStart, "state" | "isAsking" | "reason">): string {
  if (isAsking) return "Its run waits for your answer.";
  if (state === "waiting") return "It waits until the runs before it have ended.";
  if (state === "skipped") return `Nothing was started: ${reason ?? "it was skipped"}.`;
  if (state === "unknown") return "Nothing is kept of it any more.";
  return reason === null ? "" : `${reason}.`.replace(/\.\.$/, ".");
}
