import type { Channel } from "./channel.ts";
import type { EndpointGroup } from "./endpoint.ts";
import { approvalsEndpoints, approvalsFeed } from "./features/approvals.ts";
import { accessEndpoints } from "./features/access.ts";
import { appsEndpoints, appsFeed } from "./features/apps.ts";
import { automationsEndpoints, automationsFeed } from "./features/automations.ts";
import { backupsEndpoints } from "./features/backups.ts";
import { browserEndpoints, browserFeed } from "./features/browser.ts";
import { detectChannel, detectEndpoints } from "./features/detect.ts";
import { chiefEndpoints, chiefFeed, learningEndpoints } from "./features/chief.ts";
import { connectorModulesEndpoints } from "./features/connector-modules.ts";
import { connectorsEndpoints, connectorsFeed } from "./features/connectors.ts";
import { customConnectorsEndpoints } from "./features/custom-connectors.ts";
import { eventsEndpoints } from "./features/events.ts";
import { evidenceEndpoints, evidenceFeed } from "./features/evidence.ts";
import { historyEndpoints } from "./features/history.ts";
import { hooksEndpoints, hooksFeed } from "./features/hooks.ts";
import { incidentsEndpoints, incidentsFeed } from "./features/incidents.ts";
import { localModelsEndpoints, localModelsFeed } from "./features/local-models.ts";
import { logsChannel, logsEndpoints } from "./features/logs.ts";
import { mcpConnectorsEndpoints } from "./features/mcp-connectors.ts";
import { mcpSignInEndpoints } from "./features/mcp-sign-in.ts";
import { mcpEndpoints } from "./features/mcp.ts";
import { errorsFeed, notificationsEndpoints, notificationsFeed } from "./features/notifications.ts";
import { onboardingEndpoints } from "./features/onboarding.ts";
import { outboxEndpoints, outboxFeed } from "./features/outbox.ts";
import { processesEndpoints, processesFeed } from "./features/processes.ts";
import { promptsEndpoints, promptsFeed } from "./features/prompts.ts";
import { providersEndpoints, providersFeed } from "./features/providers.ts";
import { pushEndpoints } from "./features/push.ts";
import { repairsEndpoints, repairsFeed } from "./features/repairs.ts";
import { reviewsEndpoints, reviewsFeed } from "./features/reviews.ts";
import { agentsChannel, runsEndpoints, runsFeed } from "./features/runs.ts";
import { settingsEndpoints } from "./features/settings.ts";
import { systemEndpoints, systemFeed } from "./features/system.ts";
import { tasksEndpoints, tasksFeed } from "./features/tasks.ts";
import { terminalChannel, terminalEndpoints } from "./features/terminal.ts";
import { trustEndpoints } from "./features/trust.ts";
import { usageEndpoints } from "./features/usage.ts";
import { worktreesEndpoints, worktreesFeed } from "./features/worktrees.ts";

/** Every endpoint of portos-server by feature. A parity test compares this list with what is mounted. */
export const endpointGroups = {
  approvals: approvalsEndpoints,
  access: accessEndpoints,
  apps: appsEndpoints,
  automations: automationsEndpoints,
  backups: backupsEndpoints,
  browser: browserEndpoints,
  chief: chiefEndpoints,
  connectorModules: connectorModulesEndpoints,
  connectors: connectorsEndpoints,
  customConnectors: customConnectorsEndpoints,
  detect: detectEndpoints,
  events: eventsEndpoints,
  evidence: evidenceEndpoints,
  history: historyEndpoints,
  hooks: hooksEndpoints,
  incidents: incidentsEndpoints,
  learning: learningEndpoints,
  localModels: localModelsEndpoints,
  logs: logsEndpoints,
  mcp: mcpEndpoints,
  mcpConnectors: mcpConnectorsEndpoints,
  mcpSignIn: mcpSignInEndpoints,
  notifications: notificationsEndpoints,
  onboarding: onboardingEndpoints,
  outbox: outboxEndpoints,
  processes: processesEndpoints,
  prompts: promptsEndpoints,
  providers: providersEndpoints,
  push: pushEndpoints,
  repairs: repairsEndpoints,
  reviews: reviewsEndpoints,
  runs: runsEndpoints,
  settings: settingsEndpoints,
  system: systemEndpoints,
  tasks: tasksEndpoints,
  terminal: terminalEndpoints,
  trust: trustEndpoints,
  usage: usageEndpoints,
  worktrees: worktreesEndpoints,
} as const satisfies Record<string, EndpointGroup>;

/** Every Socket.IO channel by name. */
export const channels = {
  agents: agentsChannel,
  approvals: approvalsFeed,
  apps: appsFeed,
  automations: automationsFeed,
  browser: browserFeed,
  connectors: connectorsFeed,
  cos: chiefFeed,
  detect: detectChannel,
  errors: errorsFeed,
  evidence: evidenceFeed,
  hooks: hooksFeed,
  incidents: incidentsFeed,
  localModels: localModelsFeed,
  logs: logsChannel,
  notifications: notificationsFeed,
  outbox: outboxFeed,
  processes: processesFeed,
  prompts: promptsFeed,
  providers: providersFeed,
  repairs: repairsFeed,
  reviews: reviewsFeed,
  runs: runsFeed,
  system: systemFeed,
  tasks: tasksFeed,
  terminal: terminalChannel,
  worktrees: worktreesFeed,
} as const satisfies Record<string, Channel>;

export type Channels = typeof channels;

export type EndpointGroups = typeof endpointGroups;

/** "apps.start" for every endpoint. */
export type CallId = {
  [G in keyof EndpointGroups]: `${G}.${Extract<keyof EndpointGroups[G], string>}`;
}[keyof EndpointGroups];

/** The endpoint behind a call id. */
export type EndpointOf<Id extends CallId> = Id extends `${infer G extends keyof EndpointGroups}.${infer K}`
  ? K extends keyof EndpointGroups[G]
    ? EndpointGroups[G][K]
    : never
  : never;
