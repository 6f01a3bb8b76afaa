import { z } from "zod";

import { eventTitles } from "./event-titles.ts";
import type { EventName } from "./features/events.ts";

const text = (description: string) => z.string().describe(description);
const maybe = (description: string) => z.string().nullable().describe(description);
const link = text("Page of the panel, a path");

const app = { appId: text("Id of the app"), appName: text("Its name") };
const incident = {
  incidentId: text("Id of the incident"),
  process: text("Name of the process"),
  appId: maybe("Id of its app; null for a process of no app"),
  appName: maybe("Name of its app"),
  reason: text("What happens now, or why it ended as it did"),
  crashes: z.int().describe("Ends seen so far"),
  link,
};
const repair = {
  repairId: text("Id of the repair"),
  incidentId: text("Id of the incident"),
  process: text("Name of the process"),
  appId: maybe("Id of its app"),
  state: text("How the repair ended"),
  reason: text("Why it ended so"),
  link,
};
const run = {
  runId: text("Id of the run"),
  title: text("Its title"),
  state: text("How it ended"),
  appId: maybe("Id of the app it worked in"),
  source: text("Who asked for it: user, task, automation, incident or test"),
  message: maybe("Why it failed; of one that succeeded, which budget it went over"),
  link,
};
const task = {
  taskId: text("Id of the task"),
  title: text("Its title"),
  type: text("Its kind of work"),
  appId: maybe("Id of its app"),
  reason: text("Why it stands as it does"),
  link,
};
const approval = {
  approvalId: text("Id of the question"),
  kind: text("What asks: agent-tool, connector-call or repair"),
  title: text("What is asked, in one line"),
  link: text("Page of the panel to answer on, a path"),
};
const automation = {
  automationId: text("Id of the automation"),
  automation: text("Its name"),
  occurrenceId: text("Id of its run"),
  state: text("How the run ended"),
  trigger: text("What started it: schedule, manual, webhook or event"),
  reason: maybe("Why it ended so"),
  link,
};
const connector = {
  connectorId: text("Id of the connector"),
  connector: text("Its title"),
  detail: text("What was found"),
};

interface Kind {
  title: string;
  description: string;
  data: z.ZodObject;
  /** Fields whose text programs or other people wrote. */
  outside: readonly string[];
  example: Record<string, z.core.util.JSONType>;
}

const incidentExample = {
  incidentId: "mi8k2f0a-0123abcd",
  process: "web",
  appId: "shop",
  appName: "Shop",
  crashes: 2,
  link: "/system?tab=incidents&incident=mi8k2f0a-0123abcd",
};
const runExample = {
  runId: "run-0123abcd",
  title: "Update the packages",
  appId: "shop",
  source: "automation",
  link: "/agents/run-0123abcd",
};
const taskExample = {
  taskId: "task-0123abcd",
  title: "Write the release notes",
  type: "docs",
  appId: "shop",
  link: "/agents/tasks/task-0123abcd",
};
const approvalExample = {
  approvalId: "0123abcd4567efgh",
  kind: "connector-call",
  title: "Send a message to #releases",
  link: "/approvals?approval=0123abcd4567efgh",
};
const automationExample = {
  automationId: "au-0123abcdef",
  automation: "Nightly backup",
  occurrenceId: "oc-0123abcd4567",
  trigger: "schedule",
  link: "/automations/au-0123abcdef?run=oc-0123abcd4567",
};
const repairExample = {
  repairId: "repair-0123abcd4567",
  incidentId: "mi8k2f0a-0123abcd",
  process: "web",
  appId: "shop",
  link: "/system?tab=incidents&incident=mi8k2f0a-0123abcd",
};

/** What PortOS tells of: only what it knows itself, at the moment it gets to know it. */
export const eventCatalogue = {
  "app.started": {
    title: eventTitles["app.started"],
    description: "An app is online that was not: started, restarted or back after a crash.",
    data: z.strictObject(app),
    outside: [],
    example: { appId: "shop", appName: "Shop" },
  },
  "app.stopped": {
    title: eventTitles["app.stopped"],
    description: "No process of an app runs any more, and none is in error.",
    data: z.strictObject(app),
    outside: [],
    example: { appId: "shop", appName: "Shop" },
  },
  "incident.opened": {
    title: eventTitles["incident.opened"],
    description: "A process ended that should run. Told once for each incident, not for each restart.",
    data: z.strictObject(incident),
    outside: [],
    example: { ...incidentExample, reason: "It ended with code 1 and is restarted" },
  },
  "incident.recovered": {
    title: eventTitles["incident.recovered"],
    description: "A process that crashed runs well again.",
    data: z.strictObject(incident),
    outside: [],
    example: { ...incidentExample, reason: "It has run well for a minute" },
  },
  "incident.gave-up": {
    title: eventTitles["incident.gave-up"],
    description: "A process crashed again and again, and PortOS restarts it no more.",
    data: z.strictObject(incident),
    outside: [],
    example: { ...incidentExample, crashes: 6, reason: "It was restarted 5 times and crashed each time" },
  },
  "repair.repaired": {
    title: eventTitles["repair.repaired"],
    description: "An agent's repair of a crash was merged and has held while it was watched.",
    data: z.strictObject(repair),
    outside: ["reason"],
    example: { ...repairExample, state: "repaired", reason: "It has run well for ten minutes" },
  },
  "repair.failed": {
    title: eventTitles["repair.failed"],
    description: "An agent's repair of a crash failed, was given up or was taken back.",
    data: z.strictObject(repair),
    outside: ["reason"],
    example: { ...repairExample, state: "failed", reason: "A check that passed before fails now" },
  },
  "run.succeeded": {
    title: eventTitles["run.succeeded"],
    description: "A run of an agent or model ended well.",
    data: z.strictObject(run),
    outside: ["title", "message"],
    example: { ...runExample, state: "succeeded", message: null },
  },
  "run.failed": {
    title: eventTitles["run.failed"],
    description: "A run of an agent or model failed or was interrupted. One that was cancelled is not told.",
    data: z.strictObject(run),
    outside: ["title", "message"],
    example: { ...runExample, state: "failed", message: "The provider did not answer" },
  },
  "task.done": {
    title: eventTitles["task.done"],
    description: "A task of the board is done.",
    data: z.strictObject(task),
    outside: ["title", "reason"],
    example: { ...taskExample, reason: "Its work was merged" },
  },
  "task.failed": {
    title: eventTitles["task.failed"],
    description: "A task of the board failed, and nothing more is tried.",
    data: z.strictObject(task),
    outside: ["title", "reason"],
    example: { ...taskExample, reason: "Three runs failed" },
  },
  "approval.asked": {
    title: eventTitles["approval.asked"],
    description: "Something waits for an answer of the user. Questions that a rule answers are not told.",
    data: z.strictObject({
      ...approval,
      why: text("Why it asks"),
      expiresAt: text("Denied when not answered by then"),
    }),
    outside: ["title", "why"],
    example: { ...approvalExample, why: "Its policy asks for writes", expiresAt: "2026-11-22T10:00:00.000Z" },
  },
  "approval.settled": {
    title: eventTitles["approval.settled"],
    description: "A question was answered, ran out of time or is not asked any more.",
    data: z.strictObject({
      ...approval,
      state: text("allowed, denied, expired or withdrawn"),
      by: text("Who settled it"),
    }),
    outside: ["title"],
    example: { ...approvalExample, state: "allowed", by: "this machine" },
  },
  "automation.succeeded": {
    title: eventTitles["automation.succeeded"],
    description: "A run of an automation ended well. An automation is never started by what it did itself.",
    data: z.strictObject(automation),
    outside: ["reason"],
    example: { ...automationExample, state: "succeeded", reason: null },
  },
  "automation.failed": {
    title: eventTitles["automation.failed"],
    description: "A run of an automation failed or was interrupted.",
    data: z.strictObject(automation),
    outside: ["reason"],
    example: { ...automationExample, state: "failed", reason: "Ended with exit code 1" },
  },
  "webhook.received": {
    title: eventTitles["webhook.received"],
    description:
      "A message of a webhook was taken, whether or not the webhook starts an automation itself. Its body can be read as trigger.body and trigger.text.",
    data: z.strictObject({
      hookId: text("First characters of its id, enough to tell it from others"),
      hook: text("Its name"),
      messageId: text("Id of the message"),
      event: maybe("What the sender calls it"),
      bytes: z.int().describe("Size of the body"),
      isTest: z.boolean().describe("Made with Send a test"),
    }),
    outside: ["event"],
    example: {
      hookId: "hk-01234567",
      hook: "GitHub",
      messageId: "hd-0mi8k2f0a0123456789ab",
      event: "push",
      bytes: 512,
      isTest: false,
    },
  },
  "connector.unhealthy": {
    title: eventTitles["connector.unhealthy"],
    description: "A look at a connector found that it does not work, and the one before did not.",
    data: z.strictObject(connector),
    outside: ["detail"],
    example: { connectorId: "slack", connector: "Slack", detail: "The token was refused" },
  },
  "connector.healthy": {
    title: eventTitles["connector.healthy"],
    description: "A look at a connector found that it works, and the one before found that it does not.",
    data: z.strictObject(connector),
    outside: ["detail"],
    example: { connectorId: "slack", connector: "Slack", detail: "Signed in as PortOS" },
  },
  "delivery.given-up": {
    title: eventTitles["delivery.given-up"],
    description: "A message of the queue could not be delivered and is a dead letter now.",
    data: z.strictObject({
      deliveryId: text("Id of the delivery"),
      connectorId: text("Id of the connector"),
      operation: text("Its operation"),
      caller: text("Who sent it"),
      code: maybe("Code of the last failure"),
      message: maybe("The last failure"),
      link,
    }),
    outside: ["message"],
    example: {
      deliveryId: "d0mi8k2f0a0123456789",
      connectorId: "webhook-out",
      operation: "post",
      caller: "Send events to a webhook",
      code: "upstream_failed",
      message: "The server answered 500",
      link: "/connectors?tab=queue",
    },
  },
} as const satisfies Record<EventName, Kind>;

/** What an event carries. */
export type EventData<N extends EventName> = z.output<(typeof eventCatalogue)[N]["data"]>;

/** One entry, whichever. */
export function eventKind(name: EventName): Kind {
  return eventCatalogue[name];
}
