import type { DetectionStep, DetectorName, ImportPlan } from "../../../contract/features/detect.ts";
import { detectorNames } from "../../../contract/features/detect.ts";
import type { Process } from "../../../contract/features/processes.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { GitState } from "../../../lib/processes/git.ts";
import type { ListeningPort } from "../../../lib/processes/listening-ports.ts";
import { detectComposeFile } from "./detectors/compose-file.ts";
import { detectEcosystem } from "./detectors/ecosystem.ts";
import { detectEnvPorts } from "./detectors/env-ports.ts";
import { detectLanguages } from "./detectors/languages.ts";
import { detectPackageJson } from "./detectors/package-json.ts";
import { detectProcfile } from "./detectors/procfile.ts";
import { detectListeningPorts, detectPm2Processes } from "./detectors/running.ts";
import { drawPlan, type Surroundings } from "./draw-plan.ts";
import { emptyFinding, type Finding } from "./finding.ts";
import { openFolder, type FolderReader } from "../../../lib/folder-reader.ts";

export interface DetectServiceOptions {
  clock: Clock;
  logger: Logger;
  gitState: (folder: string) => Promise<GitState | null>;
  listeningPorts: () => Promise<ListeningPort[]>;
  processes: () => Promise<readonly Process[]>;
  apps: () => Surroundings["apps"];
  panelPorts: readonly number[];
  /** Whether a program is in the search path. */
  hasProgram: (name: string) => boolean;
}

export interface DetectService {
  /** Checks the folder; throws `not_found` or `invalid_request`. */
  open(folder: string): Promise<FolderReader>;
  /** Looks with every detector, telling each step, and draws up the plan. Ends early when `signal` is aborted. */
  run(folder: FolderReader, onStep: (step: DetectionStep) => void, signal?: AbortSignal): Promise<ImportPlan>;
}

/** Longest any one detector may take; what it has not found by then is said to have failed. */
const detectorTimeoutMs = 8_000;

/** Looks into folders. Nothing in them is executed and nothing outside of them is read. */
export function createDetectService(options: DetectServiceOptions): DetectService {
  const { clock, logger } = options;

  function detectors(folder: FolderReader, listening: () => Promise<ListeningPort[]>) {
    const table: Record<DetectorName, () => Promise<Finding>> = {
      folder: () => describeFolder(folder),
      "package.json": () => detectPackageJson(folder),
      "ecosystem file": () => detectEcosystem(folder),
      Procfile: () => detectProcfile(folder),
      "compose file": () => detectComposeFile(folder, () => options.hasProgram("docker")),
      ".env ports": () => detectEnvPorts(folder),
      "other languages": () => detectLanguages(folder),
      git: async () => describeGit(await options.gitState(folder.root)),
      "PM2 processes": async () => detectPm2Processes(folder.root, await options.processes()),
      "listening ports": async () => detectListeningPorts(folder.root, await listening()),
    };
    return table;
  }

  return {
    open: openFolder,
    async run(folder, onStep, signal) {
      let ports: Promise<ListeningPort[]> | null = null;
      const listening = (): Promise<ListeningPort[]> => (ports ??= options.listeningPorts());
      const table = detectors(folder, listening);
      const findings: Finding[] = [];
      for (const detector of detectorNames) {
        signal?.throwIfAborted();
        onStep({ detector, state: "running", lines: [], tookMs: null });
        const startedAt = clock.monotonic();
        const took = (): number => Math.round((clock.monotonic() - startedAt) * 10) / 10;
        try {
          const finding = await withTimeout(table[detector](), detectorTimeoutMs);
          findings.push(finding);
          const lines = finding.lines.slice(0, 30).map((line) => line.replaceAll(/\p{Cc}+/gu, " ").slice(0, 300));
          onStep({ detector, state: lines.length > 0 ? "found" : "nothing", lines, tookMs: took() });
        } catch (error) {
          logger.warn("A detector failed", { detector, cause: error instanceof Error ? error.message : String(error) });
          onStep({ detector, state: "failed", lines: ["It could not look here"], tookMs: took() });
        }
      }
      signal?.throwIfAborted();
      const around = {
        apps: options.apps(),
        panelPorts: options.panelPorts,
        listening: await listening().catch(() => []),
      };
      return drawPlan(folder.root, findings, around);
    },
  };
}

async function describeFolder(folder: FolderReader): Promise<Finding> {
  const entries = await folder.list();
  const files = entries.filter(({ isFolder }) => !isFolder).length;
  const folders = entries.length - files;
  const counts = `${files} ${files === 1 ? "file" : "files"}, ${folders} ${folders === 1 ? "folder" : "folders"}`;
  return { ...emptyFinding(), lines: [`${folder.root}: ${counts}`] };
}

function describeGit(state: GitState | null): Finding {
  if (state === null) return emptyFinding();
  const { branch, remote, isDirty } = state;
  const lines = [`branch ${branch ?? "(detached)"}${isDirty ? ", with uncommitted changes" : ""}`];
  if (remote !== null) lines.push(`remote ${remote}`);
  return { ...emptyFinding(), lines, git: { branch, remote } };
}

async function withTimeout<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`took longer than ${timeoutMs} ms`));
    }, timeoutMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
