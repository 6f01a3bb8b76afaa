import type { ProcessName } from "./ports.ts";

/** One file or folder of `data/`: only its owner process may write it, the others ask the owner over HTTP. */
export interface DataFile {
  readonly path: string;
  readonly owner: ProcessName;
  readonly what: string;
}

/** Everything PortOS keeps in `data/`, relative to that folder. A path that ends in "/" is a folder. */
export const dataFiles = {
  apps: { path: "apps.json", owner: "portos-server", what: "Registered apps" },
  automations: { path: "automations.json", owner: "portos-server", what: "Automations" },
  automationState: {
    path: "automations/state.json",
    owner: "portos-server",
    what: "Next due times and latest outcomes of automations, as of one line of the ledger",
  },
  occurrences: { path: "automations/ledger/", owner: "portos-server", what: "One row per due time of an automation" },
  automationOutput: { path: "automations/output/", owner: "portos-server", what: "Output of automation runs" },
  settings: { path: "settings.json", owner: "portos-server", what: "Settings of the panel" },
  access: { path: "access.json", owner: "portos-server", what: "Who may come in, and the sealed hash of the PIN" },
  accessState: {
    path: "access-state.json",
    owner: "portos-server",
    what: "Devices seen from elsewhere, and wrong PINs",
  },
  notifications: { path: "notifications.json", owner: "portos-server", what: "Notifications not yet dismissed" },
  onboarding: { path: "onboarding.json", owner: "portos-server", what: "First steps done" },
  secretsKey: { path: "secrets-key.json", owner: "portos-server", what: "Fingerprint of the key that seals secrets" },
  history: { path: "history/", owner: "portos-server", what: "Every user action and its outcome" },
  screenshots: { path: "screenshots/", owner: "portos-server", what: "Screenshots taken of the browser" },
  backups: { path: "backups/", owner: "portos-server", what: "Backups of this folder" },
  browserConfig: { path: "browser-config.json", owner: "portos-browser", what: "Settings of the browser process" },
  browserProfile: { path: "browser-profile/", owner: "portos-browser", what: "Chrome profile" },
  sessions: { path: "sessions/", owner: "portos-cos", what: "Recordings and output of terminal sessions" },
  commandHistory: { path: "command-history/", owner: "portos-cos", what: "Commands typed in terminals, by folder" },
  incidents: { path: "incidents/", owner: "portos-autofixer", what: "Crashes seen by the autofixer" },
} as const satisfies Record<string, DataFile>;

export type DataFileName = keyof typeof dataFiles;
