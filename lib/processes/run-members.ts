import { createMarkFinder, runOfMark } from "../run-mark.ts";
import type { ProcReader } from "./proc-reader.ts";
import { isBranded, lockLimit } from "./run-brand.ts";

/** A process that belongs to a run. */
export interface RunMember {
  /** `null` when only the brand says that it belongs to one. */
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
  const markIn = createMarkFinder(dataDir);
  const ownLimit = lockLimit(proc.read("/proc/self/limits"));
  const ownMarks = new Set(withParents(process.pid).flatMap((pid) => markOf(pid) ?? []));

  function markOf(pid: number): string | null {
    return markIn(proc.read(`/proc/${pid}/environ`) ?? "");
  }

  function withParents(pid: number): number[] {
    const found: number[] = [];
    for (let at = pid; at > 1 && found.length < mostSteps; at = placeOf(at)?.parent ?? 0) found.push(at);
    return found;
  }

  /** Fields 4 to 6 of /proc/<pid>/stat; counted after the last parenthesis, because the name may hold spaces (proc(5)). */
  function placeOf(pid: number): { parent: number; group: number; session: number } | null {
    const stat = proc.read(`/proc/${pid}/stat`);
    if (stat === null) return null;
    const [, parent, group, session] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { parent: Number(parent), group: Number(group), session: Number(session) };
  }

  return {
    find(pid: number): RunMember | null {
      const place = placeOf(pid);
      const leaders = place === null ? [] : [place.group, place.session].filter((leader) => leader > 1);
      const related = new Set([...withParents(pid), ...leaders]);
      let isOne = false;
      for (const one of related) {
        const mark = markOf(one);
        if (mark !== null && !ownMarks.has(mark)) return { runId: runOfMark(mark) };
        isOne ||= isBranded(proc.read(`/proc/${one}/limits`), ownLimit);
      }
      return isOne ? { runId: null } : null;
    },
  };
}
export type RunMembers = ReturnType<typeof createRunMembers>;
