import type { Run } from "../contract/features/runs.ts";
import type { RequestContext } from "./http/mount.ts";

/** Whoever makes a run act that asks nobody is asked for the PIN instead. */
export async function demandWhenFree(
  runs: { get(id: string): Promise<Pick<Run, "permissionMode">> },
  id: string,
  { demand }: Pick<RequestContext, "demand">,
): Promise<void> {
  if ((await runs.get(id)).permissionMode === "free") demand("allow");
}
