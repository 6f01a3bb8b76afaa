/** Which PM2 a process belongs to: our own home or the user's `~/.pm2`. */
export type Pm2HomeName = "portos" | "user";

export type Pm2Status = "online" | "launching" | "stopping" | "stopped" | "errored" | "waiting";

/** One process as PM2 sees it now. Times are ISO 8601 UTC. */
export interface Pm2Process {
  home: Pm2HomeName;
  pmId: number;
  name: string;
  namespace: string;
  pid: number | null;
  /** `waiting`: ended, will be started again after its back-off. */
  status: Pm2Status;
  /** Of one core: 100 is one core fully used. */
  cpuPercent: number;
  memoryBytes: number;
  restarts: number;
  unstableRestarts: number;
  onlineSince: string | null;
  createdAt: string | null;
  cwd: string;
  script: string;
  args: string[];
  interpreter: string;
  outLog: string | null;
  errLog: string | null;
  /** Exit code of the last end, `null` when it has not ended yet. */
  exitCode: number | null;
  autorestart: boolean;
  watch: boolean;
}

/** What is needed to start a process; nothing is taken over from the environment of the caller. */
export interface Pm2StartSpec {
  name: string;
  namespace: string;
  cwd: string;
  /** A file (absolute or relative to `cwd`) or, with interpreter `none`, a program found in the PATH of `env`. */
  script: string;
  args: string[];
  /** Program that runs the script, `none` to run it directly; chosen by the file's extension when left out. */
  interpreter?: string;
  interpreterArgs?: string[];
  /** The whole environment of the process. */
  env: Record<string, string>;
  /** One file for standard output and standard error. */
  logFile: string;
  /** Restarted when its memory grows beyond this. */
  maxMemoryBytes?: number;
  /** From SIGINT to SIGKILL. */
  killTimeoutMs?: number;
  /** Counts as started when it has sent `ready`, at the latest after `listenTimeoutMs`. */
  waitReady?: boolean;
  listenTimeoutMs?: number;
  autorestart?: boolean;
  /** First wait before a restart; grows by half with each further one, up to 15 s. */
  expBackoffMs?: number;
  /** An end within this time counts as unstable. */
  minUptimeMs?: number;
  /** Unstable ends in a row after which PM2 gives up. */
  maxRestarts?: number;
  /** Whether a stop also ends the process's descendants. */
  treekill?: boolean;
  /** Whether Node reads source maps for stack traces, which costs time and memory at start; off when `false`. */
  hasSourceMaps?: boolean;
}

/** What the bus of a PM2 reports about one process. */
export interface Pm2ProcessEvent {
  kind: "process";
  home: Pm2HomeName;
  /** PM2's word: `start`, `online`, `exit`, `restart`, `restart overlimit`, `exception`, … */
  event: string;
  /** Asked for by somebody, in contrast to a crash or an automatic restart. */
  isManual: boolean;
  process: { pmId: number; name: string; namespace: string; status: Pm2Status; restarts: number; pid: number | null };
  exitCode: number | null;
  /** Message and stack of an uncaught exception, when the process reported one. */
  detail: string | null;
  /** Milliseconds since 1970-01-01 UTC. */
  at: number;
}

/** Output of one process as it was written, with PM2's time prefix when the process has one. */
export interface Pm2LogEvent {
  kind: "log";
  home: Pm2HomeName;
  pmId: number;
  name: string;
  stream: "out" | "err";
  data: string;
  /** Milliseconds since 1970-01-01 UTC. */
  at: number;
}

/** The connection to the daemon's bus came or went. */
export interface Pm2LinkEvent {
  kind: "link";
  home: Pm2HomeName;
  isUp: boolean;
}

export type Pm2Event = Pm2ProcessEvent | Pm2LogEvent | Pm2LinkEvent;
