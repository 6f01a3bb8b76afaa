import type { Run } from "../../../contract/features/runs.ts";
import { runSpecSchema, type RunTarget } from "../../../contract/internal/runs.ts";
import { isOpenState } from "../../../contract/run-transcript.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { Lent, LendTools } from "../mcp/run-lender.ts";
import type { CosRuns } from "./run-starter.ts";

type LendingTo = Pick<Run, "id" | "title" | "permissionMode" | "isolation">;
const lentSchema = runSpecSchema.pick({ id: true, title: true, permissionMode: true, isolation: true });

/** portos-cos, told with each list of whom to ask what they get of PortOS: tools for exactly this run. */
export function lendingTools(cos: CosRuns, lend: LendTools, logger: Logger): CosRuns {
  /** What the disk keeps from being taken is worth nothing, and is taken later. */
  async function takeBack(lent: Lent): Promise<void> {
    await lent.takeBack().catch((error: unknown) => {
      logger.warn("The token of a run could not be taken back yet", { problem: String(error) });
    });
  }

  async function send(
    targets: readonly RunTarget[],
    run: () => LendingTo | Promise<LendingTo>,
    call: (targets: RunTarget[]) => Promise<Run>,
  ): Promise<Run> {
    const hasPrograms = targets.some(({ engine }) => engine === "acp" || engine === "headless");
    const lent = targets.length === 0 ? null : await lend({ ...(await run()), hasPrograms });
    if (lent === null) return call([...targets]);
    const answer = await call(targets.map((target) => ({ ...target, tools: lent.tools }))).catch(
      async (error: unknown) => {
        await takeBack(lent);
        throw error;
      },
    );
    // It may have ended meanwhile, and nobody would tell of that end once more.
    if (isOpenState(answer.state)) lent.keep();
    else await takeBack(lent);
    return answer;
  }

  const known = (id: string): Promise<Run> => cos.get({ params: { id } });
  return {
    ...cos,
    start: (call, ...more) =>
      send(
        call.body.targets,
        () => {
          const { id, title, permissionMode, isolation } = call.body;
          return lentSchema.parse({ id, title, permissionMode, isolation });
        },
        (targets) => cos.start({ ...call, body: { ...call.body, targets } }, ...more),
      ),
    say: (call, ...more) =>
      send(
        call.body.targets,
        () => known(call.params.id),
        (targets) => cos.say({ ...call, body: { ...call.body, targets } }, ...more),
      ),
    resume: (call, ...more) =>
      send(
        call.body.targets,
        () => known(call.params.id),
        (targets) => cos.resume({ ...call, body: { ...call.body, targets } }, ...more),
      ),
    supply: (call, ...more) =>
      send(
        call.body.targets,
        () => known(call.params.id),
        (targets) => cos.supply({ ...call, body: { ...call.body, targets } }, ...more),
      ),
  };
}
