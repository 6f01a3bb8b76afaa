import { createMarkFinder, runOfMark } from "../run-mark.ts";
import { systemProc, type ProcReader } from "./proc-reader.ts";
import { isBranded, lockLimit } from "./run-brand.ts";

/** A process that belongs to a run. */
export interface RunMember {
  /** `null` when only the brand says that it belongs to one, or when it says itself to belong to several. */
  runId: string | null;
}

/** Parents are followed this far. */
const mostSteps = 64;

/**
 * Tells whether a process belongs to a run of the PortOS with this data folder: it carries a run's brand, or it, a parent,
 * or the leader of its session or group carries a run's mark. What this process was started in itself does not count:
 * a PortOS that an agent has started treats that agent as its user.
 */
export function createRunMembers({ proc, dataDir }: { proc: ProcReader; dataDir: string }) {
  const markOf = createMarkReader(proc, dataDir);
  const ownLimit = lockLimit(proc.read("/proc/self/limits"));
  const ownMarks = new Set(withParents(proc, process.pid).flatMap((pid) => markOf(pid) ?? []));

  return {
    find(pid: number): RunMember | null {
      const place = placeOf(proc, pid);
      const leaders = place === null ? [] : [place.group, place.session].filter((leader) => leader > 1);
      const related = new Set([...withParents(proc, pid), ...leaders]);
      // A program can put any mark into its own environment, but not take those of its parents away.
      const marks = [...related].flatMap((one) => markOf(one) ?? []).filter((mark) => !ownMarks.has(mark));
      const runs = new Set(marks.map(runOfMark));
      const [runId = null] = runs;
      if (runs.size > 0) return { runId: runs.size === 1 ? runId : null };
      return [...related].some((one) => isBranded(proc.read(`/proc/${one}/limits`), ownLimit)) ? { runId: null } : null;
    },
  };
}
export type RunMembers = ReturnType<typeof createRunMembers>;

/**
 * Whether this process was started by a run of the PortOS with this data folder: it or a parent carries a mark of it, or it
 * carries a brand that the PM2 of that PortOS does not, if one runs.
 */
export function isStartedByRun(dataDir: string, pm2Pid: number | null, proc: ProcReader = systemProc): boolean {
  const markOf = createMarkReader(proc, dataDir);
  if (withParents(proc, process.pid).some((pid) => markOf(pid) !== null)) return true;
  const panel = pm2Pid === null ? null : proc.read(`/proc/${pm2Pid}/limits`);
  return panel !== null && isBranded(proc.read("/proc/self/limits"), lockLimit(panel));
}

function createMarkReader(proc: ProcReader, dataDir: string): (pid: number) => string | null {
  const markIn = createMarkFinder(dataDir);
  return (pid) => markIn(proc.read(`/proc/${pid}/environ`) ?? "");
}

/**
 * Whether a process comes from an `sshd`, as what holds the end of a tunnel does, or that cannot be told because its
 * parents are of another pid namespace. Asked of what belongs to no run: a run's programs could call themselves so.
 */
export function isOfSshd(proc: ProcReader, pid: number): boolean {
  if (placeOf(proc, pid) === null) return false; // ended meanwhile
  return withParents(proc, pid).some((one) => {
    const name = proc.read(`/proc/${one}/stat`);
    return name === null || /^\d+ \(sshd/.test(name) || placeOf(proc, one)?.parent === 0;
  });
}

function withParents(proc: ProcReader, pid: number): number[] {
  const found: number[] = [];
  for (let at = pid; at > 1 && found.length < mostSteps; at = placeOf(proc, at)?.parent ?? 0) found.push(at);
  return found;
}

/** Fields 4 to 6 of /proc/<pid>/stat; counted after the last parenthesis, because the name may hold spaces (proc(5)). */
function placeOf(proc: ProcReader, pid: number): { parent: number; group: number; session: number } | null {
  const stat = proc.read(`/proc/${pid}/stat`);
  if (stat === null) return null;
  const [, parent, group, session] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { parent: Number(parent), group: Number(group), session: Number(session) };
}
