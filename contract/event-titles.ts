import type { EventName } from "./features/events.ts";

/** What each event is called on pages. */
export const eventTitles: Readonly<Record<EventName, string>> = {
  "app.started": "App started",
  "app.stopped": "App stopped",
  "incident.opened": "Process crashed",
  "incident.recovered": "Process recovered",
  "incident.gave-up": "Process given up",
  "repair.repaired": "Crash repaired",
  "repair.failed": "Repair failed",
  "run.succeeded": "Agent run succeeded",
  "run.failed": "Agent run failed",
  "task.done": "Task done",
  "task.failed": "Task failed",
  "approval.asked": "Question asked",
  "approval.settled": "Question settled",
  "automation.succeeded": "Automation succeeded",
  "automation.failed": "Automation failed",
  "webhook.received": "Webhook received",
  "connector.unhealthy": "Connector unhealthy",
  "connector.healthy": "Connector healthy again",
  "delivery.given-up": "Delivery given up",
};
