/** A complete PortOS with ports, data and PM2 of its own. */
export interface PrivatePortos {
  /** Where the panel is: `http://127.0.0.1:<port>`. */
  url: string;
  basePort: number;
  folder: string;
  dataDir: string;
  stateDir: string;
  /** The environment its commands run with. */
  env: NodeJS.ProcessEnv;
  /** Runs `start`, `stop`, `status` or `doctor` on it. */
  control(...words: string[]): Promise<{ code: number; output: string; seconds: number }>;
  /** Ends everything and removes its folder. */
  stop(): Promise<void>;
}

export interface PrivatePortosOptions {
  env?: Record<string, string>;
  /** Leaves the starting to the caller. */
  isStarted?: boolean;
}

/** Starts a built PortOS under the system's temporary folder and waits until all six processes are healthy. */
export function createPrivatePortos(options?: PrivatePortosOptions): Promise<PrivatePortos>;
