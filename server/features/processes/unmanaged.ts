import type { Problem } from "../../../contract/features/processes.ts";
import type { Pm2Process } from "../../../lib/processes/pm2-client.ts";
import type { RecordedProcess } from "../../../lib/processes/process-record.ts";
import { ownerOf, panelNamespace } from "./process-view.ts";

/** PM2 does not know it: no number of PM2's belongs to it. */
const noPm2Id = -1;

/** A process that has outlived its PM2, in the shape of those PM2 looks after. */
export function toUnmanaged(record: RecordedProcess): Pm2Process {
  const { name, namespace, cwd, script, args, interpreter, outLog, errLog, onlineSince, identity } = record;
  return {
    home: "portos",
    pmId: noPm2Id,
    name,
    namespace,
    pid: identity.pid,
    status: "online",
    cpuPercent: 0,
    memoryBytes: 0,
    restarts: 0,
    unstableRestarts: 0,
    onlineSince,
    createdAt: onlineSince,
    cwd,
    script,
    args,
    interpreter,
    outLog,
    errLog,
    exitCode: null,
    autorestart: false,
    watch: false,
  };
}

/** What that means for the user, and the way out. */
export function unmanagedProblem(record: RecordedProcess): Problem {
  const since =
    record.unmanagedSince === null ? "" : ` since ${record.unmanagedSince.slice(0, 16).replace("T", " ")} UTC`;
  const message = `Runs outside PortOS' management${since}, because its PM2 was killed; what it prints is lost`;
  const { kind } = ownerOf({ home: "portos", ...record });
  const hint =
    record.namespace === panelNamespace
      ? "Run npm start on the machine."
      : kind === "app"
        ? "Restart it to manage it again."
        : "Stop it here, then start it again where it was started.";
  return { code: "unmanaged", message, hint };
}

/** What is said of apps that still run without PM2 once PM2 is back. */
export function unmanagedAdvice(names: readonly string[]): { title: string; message: string } {
  const [verb, them] = names.length === 1 ? ["runs", "it"] : ["run", "them"];
  return {
    title: `${names.length === 1 ? "One process" : `${names.length} processes`} of your apps ${verb} outside PortOS' management`,
    message: `${names.join(", ").slice(0, 1_500)} ${names.length === 1 ? "has" : "have"} outlived a PM2 that was killed. Restart ${them} to manage ${them} again.`,
  };
}
