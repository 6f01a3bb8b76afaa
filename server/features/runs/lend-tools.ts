import type { Run } from "../../../contract/features/runs.ts";
import { runSpecSchema } from "../../../contract/internal/runs.ts";
import { isOpenState } from "../../../contract/run-transcript.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { Lent, LendTools } from "../mcp/run-lender.ts";
import type { CosRuns } from "./run-starter.ts";

/** As it is sent. */
type Target = Parameters<CosRuns["start"]>[0]["body"]["targets"][number];
type LendingTo = Pick<Run, "id" | "title" | "permissionMode" | "isolation" | "tools">;
const lentSchema = runSpecSchema.pick({ id: true, title: true, permissionMode: true, isolation: true, tools: true });

/** portos-cos, told with each list of whom to ask what they get of PortOS: tools for exactly this run. */
export function lendingTools(cos: CosRuns, lend: LendTools, logger: Logger): CosRuns {
  /** What the disk keeps from being taken is worth nothing, and is taken later. */
  async function takeBack(lent: Lent): Promise<void> {
    await lent.takeBack().catch((error: unknown) => {
      logger.warn("The token of a run could not be taken back yet", { problem: String(error) });
    });
  }

  async function send(
    targets: readonly Target[],
    run: () => LendingTo | Promise<LendingTo>,
    call: (targets: Target[]) => Promise<Run>,
  ): Promise<Run> {
    const providers = targets.map(({ providerId, engine }) => ({
      id: providerId,
      isProgram: engine === "acp" || engine === "headless",
    }));
    const lent = targets.length === 0 ? null : await lend({ ...(await run()), providers });
    if (lent === null) return call([...targets]);
    const given = targets.map((target) => {
      const tools = lent.tools.get(target.providerId);
      return tools === undefined ? target : { ...target, tools };
    });
    const answer = await call(given).catch(async (error: unknown) => {
      await takeBack(lent);
      throw error;
    });
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
          const { id, title, permissionMode, isolation, tools } = call.body;
          return lentSchema.parse({ id, title, permissionMode, isolation, tools });
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
