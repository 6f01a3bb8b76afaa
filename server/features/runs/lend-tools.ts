import type { Run } from "../../../contract/features/runs.ts";
import { runSpecSchema, type RunTarget } from "../../../contract/internal/runs.ts";
import type { LendTools } from "../mcp/run-lender.ts";
import type { CosRuns } from "./run-starter.ts";

type Lent = Pick<Run, "id" | "title" | "permissionMode" | "isolation">;
const lentSchema = runSpecSchema.pick({ id: true, title: true, permissionMode: true, isolation: true });

/** portos-cos, told with each list of whom to ask what they get of PortOS: tools for exactly this run. */
export function lendingTools(cos: CosRuns, lend: LendTools): CosRuns {
  async function send<T>(
    targets: readonly RunTarget[],
    run: () => Lent | Promise<Lent>,
    call: (targets: RunTarget[]) => Promise<T>,
  ): Promise<T> {
    const hasPrograms = targets.some(({ engine }) => engine === "acp" || engine === "headless");
    const lent = targets.length === 0 ? null : await lend({ ...(await run()), hasPrograms });
    if (lent === null) return call([...targets]);
    try {
      return await call(targets.map((target) => ({ ...target, tools: lent.tools })));
    } catch (error) {
      await lent.takeBack();
      throw error;
    }
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
