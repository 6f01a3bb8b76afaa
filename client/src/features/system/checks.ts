import { processNames } from "../../../../contract/ports.ts";
import type { Backup } from "../../../../contract/features/backups.ts";
import type { ProcessSnapshot } from "../../../../contract/features/processes.ts";
import type { Access, DataProblem, Machine } from "../../../../contract/features/system.ts";
import { formatBytes, formatCount } from "../../lib/format.ts";
import { distinctDisks } from "../../ui/distinct-disks.ts";

/** One thing that should be so; `fix` says how to make it so. */
export interface Check {
  readonly id: string;
  readonly label: string;
  readonly state: "ok" | "warn" | "bad";
  readonly text: string;
  readonly fix?: string;
}

interface Facts {
  processes?: ProcessSnapshot | undefined;
  machine?: Machine | undefined;
  access?: Access | undefined;
  problems?: readonly DataProblem[] | undefined;
  backups?: readonly Backup[] | undefined;
  isSecure: boolean;
  nowMs: number;
}

const weekMs = 7 * 86_400_000;
const leastFreeBytes = 2e9;

/** Checks of the panel and its machine; what is not known yet is left out instead of guessed. */
export function runChecks(facts: Facts): Check[] {
  return [
    facts.processes === undefined ? null : checkProcesses(facts.processes),
    facts.processes === undefined ? null : checkHomes(facts.processes),
    facts.problems === undefined ? null : checkData(facts.problems),
    facts.machine === undefined ? null : checkDisks(facts.machine),
    facts.backups === undefined ? null : checkBackups(facts.backups, facts.nowMs),
    facts.access === undefined ? null : checkTailnet(facts.access),
    checkSecure(facts.isSecure),
  ].filter((check) => check !== null);
}

function checkProcesses({ processes }: ProcessSnapshot): Check {
  const online = new Set(
    processes.flatMap(({ owner, status }) => (owner.kind === "portos" && status === "online" ? [owner.name] : [])),
  );
  const missing = processNames.filter((name) => !online.has(name));
  const label = "All six processes run";
  if (missing.length === 0) return { id: "processes", label, state: "ok", text: "Each one is online." };
  return {
    id: "processes",
    label: "Not every process runs",
    state: "bad",
    text: `${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} not online.`,
    fix: "Restart it below, or run npm start in the project folder.",
  };
}

function checkHomes({ homes }: ProcessSnapshot): Check {
  const own = homes.find((home) => home.home === "portos");
  const label = "PM2 answers";
  if (own?.isUp === true) return { id: "pm2", label, state: "ok", text: "Live figures come from it." };
  return {
    id: "pm2",
    label: "PM2 does not answer",
    state: "bad",
    text: "The PM2 daemon of PortOS does not answer: nothing is restarted, and nothing can be started.",
    fix: "Bring it up again here, or run npm start in the project folder.",
  };
}

function checkData(problems: readonly DataProblem[]): Check {
  const label = "Data files are readable";
  if (problems.length === 0) return { id: "data", label, state: "ok", text: "Nothing was set aside." };
  return {
    id: "data",
    label: "A data file needs a look",
    state: "warn",
    text: problems.map(({ file, message }) => `${file}: ${message}`).join(" "),
    fix: "Mend the file by hand, or restore it from a backup.",
  };
}

function checkDisks(machine: Machine): Check {
  const disks = distinctDisks(machine.disks);
  const full = disks.filter(
    ({ totalBytes, usedBytes }) =>
      totalBytes > 0 && (usedBytes / totalBytes > 0.92 || totalBytes - usedBytes < leastFreeBytes),
  );
  const label = "There is room on the disks";
  if (full.length === 0)
    return { id: "disk", label, state: "ok", text: `${formatCount(disks.length, "disk")} looked at.` };
  return {
    id: "disk",
    label: "A disk is nearly full",
    state: "bad",
    text: full
      .map(({ mount, totalBytes, usedBytes }) => `${mount} has ${formatBytes(totalBytes - usedBytes)} left.`)
      .join(" "),
    fix: "Free some space; PortOS refuses to save when a write does not fit.",
  };
}

function checkBackups(backups: readonly Backup[], nowMs: number): Check {
  const newest = backups.map(({ createdAt }) => Date.parse(createdAt)).toSorted((a, b) => b - a)[0];
  const label = "There is a recent backup";
  if (newest !== undefined && nowMs - newest < weekMs)
    return { id: "backup", label, state: "ok", text: "Made within the last seven days." };
  return {
    id: "backup",
    label: "No recent backup",
    state: "warn",
    text: newest === undefined ? "No backup has been made yet." : "The newest one is older than a week.",
    fix: "Make one on the Backups tab, or turn on daily backups in Settings.",
  };
}

function checkTailnet({ tailnet }: Access): Check {
  const label = "Other devices can reach it";
  if (tailnet.state === "running")
    return {
      id: "tailnet",
      label,
      state: "ok",
      text: `As ${tailnet.dnsName === "" ? (tailnet.addresses[0] ?? "this machine") : tailnet.dnsName} on your tailnet.`,
    };
  return {
    id: "tailnet",
    label: "Other devices cannot reach it",
    state: "warn",
    text:
      tailnet.state === "absent"
        ? "Tailscale is not installed on this machine."
        : "Tailscale is installed but not connected.",
    fix: tailnet.state === "absent" ? "Install Tailscale to open PortOS from your phone." : "Run tailscale up.",
  };
}

function checkSecure(isSecure: boolean): Check {
  const label = "This page is secure";
  if (isSecure) return { id: "secure", label, state: "ok", text: "It can be installed and copies to the clipboard." };
  return {
    id: "secure",
    label: "This page is not secure",
    state: "warn",
    text: "Opened over plain http: browsers allow neither installing nor offline use.",
    fix: "Run tailscale serve on the machine and open its https address.",
  };
}
