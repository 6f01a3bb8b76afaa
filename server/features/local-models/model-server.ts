import type { LocalAbilities, LocalModel } from "../../../contract/features/local-models.ts";

/** What a server holds and can do, at one moment. */
export interface ServerPicture {
  version: string | null;
  /** Which of its interfaces answered. */
  api: string;
  abilities: LocalAbilities;
  models: LocalModel[];
}

/** How far a download is. */
export interface DownloadProgress {
  status: string;
  isPaused?: boolean;
  receivedBytes: number | null;
  totalBytes: number | null;
  /** As the server says it; measured otherwise. */
  bytesPerSecond?: number | null;
}

export interface DownloadOptions {
  model: string;
  /** The server's own name of a download that was begun before; then that one is followed. */
  remoteJob: string | null;
  /** Called with that name once there is one. */
  onRemoteJob(name: string): Promise<void>;
  onProgress(progress: DownloadProgress): void;
  signal: AbortSignal;
}

/** One kind of server behind its own interface. Every method throws `ServerTrouble` or `AppError`. */
export interface ModelServer {
  look(signal: AbortSignal): Promise<ServerPicture>;
  /** Resolves when the model is in memory; minutes for large ones. */
  load(
    model: string,
    options: { contextLength: number | null; keepAliveSeconds: number | null },
    signal: AbortSignal,
  ): Promise<void>;
  unload(instanceId: string): Promise<void>;
  /** Resolves when the model is complete. */
  download(options: DownloadOptions): Promise<void>;
  remove(model: string): Promise<void>;
}

/** Why a server cannot be used at all. `absent`: nothing answers. `locked`: it wants another token. `failed`: anything else. */
export class ServerTrouble extends Error {
  override readonly name = "ServerTrouble";
  readonly state: "absent" | "locked" | "failed";

  constructor(state: "absent" | "locked" | "failed", message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.state = state;
  }
}
