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
  runRequests: {
    path: "run-requests.json",
    owner: "portos-server",
    what: "What runs were asked for with, and whose end is still to be told",
  },
  providers: { path: "providers.json", owner: "portos-server", what: "AI providers, their keys sealed" },
  providerHealth: { path: "provider-health.json", owner: "portos-server", what: "How providers were when last seen" },
  usage: { path: "usage/ledger/", owner: "portos-server", what: "Tokens and cost, one row per attempt of a run" },
  usageBudget: { path: "usage/budget.json", owner: "portos-server", what: "What all runs of a day may use" },
  panic: { path: "panic.json", owner: "portos-server", what: "Whether everything is stopped, by whom and since when" },
  chief: { path: "chief.json", owner: "portos-server", what: "How the chief of staff works" },
  chiefRuns: {
    path: "chief/runs.json",
    owner: "portos-server",
    what: "Runs of tasks: what is being started, what became of it, what follows",
  },
  chiefDecisions: { path: "chief/decisions/", owner: "portos-server", what: "Every decision about a task and why" },
  learning: {
    path: "learning.json",
    owner: "portos-server",
    what: "How work of each kind turned out, by provider, model and app, and the rules of the user about it",
  },
  prompts: {
    path: "prompts/",
    owner: "portos-server",
    what: "Prompt templates as Markdown, with every version below .versions/",
  },
  localModels: {
    path: "local-models.json",
    owner: "portos-server",
    what: "Addresses of LM Studio and Ollama, and downloads under way",
  },
  approvals: {
    path: "approvals/open.json",
    owner: "portos-server",
    what: "Questions that wait for an answer, or whose answer is still to be told",
  },
  approvalHistory: { path: "approvals/history/", owner: "portos-server", what: "Questions and how they were answered" },
  approvalRules: { path: "approval-rules.json", owner: "portos-server", what: "Rules that answer questions" },
  push: { path: "push.json", owner: "portos-server", what: "Devices that get messages, their keys sealed" },
  reviews: { path: "reviews.json", owner: "portos-server", what: "Work of runs to be looked at, and what was decided" },
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
  evidence: {
    path: "evidence/",
    owner: "portos-server",
    what: "Every call to the outside, in a chain that can be proved",
  },
  connectors: {
    path: "connectors.json",
    owner: "portos-server",
    what: "Connectors that are on, their configuration, secrets sealed, and what may leave this machine",
  },
  connectorHealth: {
    path: "connector-health.json",
    owner: "portos-server",
    what: "How connectors were when they were looked at last",
  },
  policies: {
    path: "policies.json",
    owner: "portos-server",
    what: "What calls of connectors may do, and who changed it",
  },
  mcpTokens: {
    path: "mcp-tokens.json",
    owner: "portos-server",
    what: "Hashes of the tokens of MCP clients and runs, and what they may do",
  },
  customConnectors: {
    path: "connectors/",
    owner: "portos-server",
    what: "Connectors of your own, a file each",
  },
  customState: {
    path: "custom-connectors.json",
    owner: "portos-server",
    what: "What MCP servers offered last, and which programs of your own were accepted as connectors",
  },
  feeds: {
    path: "feeds.json",
    owner: "portos-server",
    what: "Feeds that are followed, keys in their addresses sealed, and which of their entries were given back",
  },
  events: { path: "events/", owner: "portos-server", what: "What happened lately, and what it was handed on to" },
  hooks: { path: "hooks.json", owner: "portos-server", what: "Webhooks in, their secrets sealed" },
  hookDeliveries: {
    path: "hooks/deliveries/",
    owner: "portos-server",
    what: "Messages of webhooks and their verdicts",
  },
  hookBodies: { path: "hooks/bodies/", owner: "portos-server", what: "Bodies of messages of webhooks, as they came" },
  trust: { path: "trust.json", owner: "portos-server", what: "Domains by how far they are trusted" },
  outbox: { path: "outbox/", owner: "portos-server", what: "Writes to the outside that wait for their delivery" },
  screenshots: { path: "screenshots/", owner: "portos-server", what: "Screenshots taken of the browser" },
  backups: { path: "backups/", owner: "portos-server", what: "Backups of this folder" },
  browserConfig: { path: "browser-config.json", owner: "portos-browser", what: "Settings of the browser process" },
  browserProfile: { path: "browser-profile/", owner: "portos-browser", what: "Chrome profile" },
  sessions: { path: "sessions/", owner: "portos-cos", what: "Recordings and output of terminal sessions" },
  commandHistory: { path: "command-history/", owner: "portos-cos", what: "Commands typed in terminals, by folder" },
  runs: { path: "runs/", owner: "portos-cos", what: "Runs of agents: record, prompt, numbered events, output" },
  worktrees: { path: "worktrees/", owner: "portos-cos", what: "Git worktrees made for runs, one file each" },
  worktreeSetups: {
    path: "worktree-setups.json",
    owner: "portos-server",
    what: "How worktrees of apps are made and checked",
  },
  repairs: {
    path: "repairs/state.json",
    owner: "portos-server",
    what: "Repairs of crashes by agents: settings, those that go on and the newest",
  },
  repairHistory: { path: "repairs/history/", owner: "portos-server", what: "Older repairs of crashes by agents" },
  tasks: {
    path: "tasks.json",
    owner: "portos-server",
    what: "Tasks that have not ended, those that ended last, and what TASKS.md said last",
  },
  taskHistory: { path: "tasks/history/", owner: "portos-server", what: "Older ended tasks" },
  tasksMarkdown: {
    path: "TASKS.md",
    owner: "portos-server",
    what: "The tasks as check boxes, to be edited in any editor",
  },
  incidents: { path: "incidents/", owner: "portos-autofixer", what: "Crashes seen by the autofixer" },
} as const satisfies Record<string, DataFile>;

export type DataFileName = keyof typeof dataFiles;
