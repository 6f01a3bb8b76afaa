import type { EndpointGroup } from "./endpoint.ts";
import { backupsEndpoints } from "./features/backups.ts";
import { historyEndpoints } from "./features/history.ts";
import { notificationsEndpoints } from "./features/notifications.ts";
import { onboardingEndpoints } from "./features/onboarding.ts";
import { settingsEndpoints } from "./features/settings.ts";
import { systemEndpoints } from "./features/system.ts";

/** Every endpoint of portos-server by feature. A parity test compares this list with what is mounted. */
export const endpointGroups = {
  backups: backupsEndpoints,
  history: historyEndpoints,
  notifications: notificationsEndpoints,
  onboarding: onboardingEndpoints,
  settings: settingsEndpoints,
  system: systemEndpoints,
} as const satisfies Record<string, EndpointGroup>;

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
