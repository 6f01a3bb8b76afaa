import type { Channel } from "./channel.ts";
import type { EndpointGroup } from "./endpoint.ts";
import { accessEndpoints } from "./features/access.ts";
import { appsEndpoints, appsFeed } from "./features/apps.ts";
import { automationsEndpoints, automationsFeed } from "./features/automations.ts";
import { backupsEndpoints } from "./features/backups.ts";
import { browserEndpoints, browserFeed } from "./features/browser.ts";
import { detectChannel, detectEndpoints } from "./features/detect.ts";
import { historyEndpoints } from "./features/history.ts";
import { incidentsEndpoints, incidentsFeed } from "./features/incidents.ts";
import { logsChannel, logsEndpoints } from "./features/logs.ts";
import { errorsFeed, notificationsEndpoints, notificationsFeed } from "./features/notifications.ts";
import { onboardingEndpoints } from "./features/onboarding.ts";
import { processesEndpoints, processesFeed } from "./features/processes.ts";
import { settingsEndpoints } from "./features/settings.ts";
import { systemEndpoints, systemFeed } from "./features/system.ts";
import { terminalChannel, terminalEndpoints } from "./features/terminal.ts";

/** Every endpoint of portos-server by feature. A parity test compares this list with what is mounted. */
export const endpointGroups = {
  access: accessEndpoints,
  apps: appsEndpoints,
  automations: automationsEndpoints,
  backups: backupsEndpoints,
  browser: browserEndpoints,
  detect: detectEndpoints,
  history: historyEndpoints,
  incidents: incidentsEndpoints,
  logs: logsEndpoints,
  notifications: notificationsEndpoints,
  onboarding: onboardingEndpoints,
  processes: processesEndpoints,
  settings: settingsEndpoints,
  system: systemEndpoints,
  terminal: terminalEndpoints,
} as const satisfies Record<string, EndpointGroup>;

/** Every Socket.IO channel by name. */
export const channels = {
  apps: appsFeed,
  automations: automationsFeed,
  browser: browserFeed,
  detect: detectChannel,
  errors: errorsFeed,
  incidents: incidentsFeed,
  logs: logsChannel,
  notifications: notificationsFeed,
  processes: processesFeed,
  system: systemFeed,
  terminal: terminalChannel,
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
