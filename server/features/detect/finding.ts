import type { ProcessInput, Run } from "../../../contract/features/apps.ts";

/** A process a detector would propose; names may still clash and ports be taken. */
export interface Proposal {
  /** File or place it was read from. */
  source: string;
  /** Why it is proposed, one short phrase. */
  reason: string;
  /** Wished for, made valid and unique when the plan is drawn up. */
  name: string;
  run: Run;
  cwd: string;
  ports: number[];
  environment: Record<string, string>;
  isRestarted: boolean;
  maxMemoryBytes: number | null;
  /** How likely the user wants exactly this one: the highest source wins, `0` is never chosen by itself. */
  weight: number;
  /** Why it may not work as it stands. */
  doubts: string[];
}

/** What one detector found in a folder. */
export interface Finding {
  /** One line each, for the eye. */
  lines: string[];
  proposals: Proposal[];
  facts: { source: string; text: string }[];
  name?: string;
  description?: string;
  /** Ports the project names somewhere, most trusted first. */
  ports?: number[];
  git?: { branch: string | null; remote: string | null } | null;
}

/** A finding to add to. */
export function emptyFinding(): Finding {
  return { lines: [], proposals: [], facts: [] };
}

/** A proposal with everything that is mostly the same. */
export function proposal(
  parts: Pick<Proposal, "source" | "reason" | "name" | "run" | "weight"> & Partial<Proposal>,
): Proposal {
  return { cwd: ".", ports: [], environment: {}, isRestarted: true, maxMemoryBytes: null, doubts: [], ...parts };
}

/** A proposal as the contract writes a process. Values under a secret's name are marked as secrets. */
export function toProcessInput(from: Proposal, name: string, ports: number[]): ProcessInput {
  return {
    name,
    run: from.run,
    cwd: from.cwd,
    ports,
    isRestarted: from.isRestarted,
    isStartedWithApp: true,
    maxMemoryBytes: from.maxMemoryBytes,
    environment: Object.entries(from.environment).map(([key, value]) => ({
      name: key,
      value,
      isSecret: looksSecret(key),
    })),
  };
}

/** Whether a variable of this name usually holds something nobody else should see. */
export function looksSecret(name: string): boolean {
  return /(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIALS?|DATABASE_URL|_DSN)$/i.test(
    name,
  );
}
