import type { RunEvent } from "../../../contract/features/run-events.ts";
import type { Run, RunAnswer, RunImage, RunInput } from "../../../contract/features/runs.ts";
import type { AskedStop, RunTarget } from "../../../contract/internal/runs.ts";
import { isOpenState } from "../../../contract/run-transcript.ts";
import { AppError } from "../../../lib/app-error.ts";
import { targetsToGoOn } from "./countable-targets.ts";
import type { RunFilter } from "./known-runs.ts";
import { choiceOf, createRunStarter, type RunExtras, type RunServiceOptions, type RunSource } from "./run-starter.ts";

type Page = { items: Run[]; next: string | null; isUp: boolean; asOf: string | null };
type Query = RunFilter & { before?: string | undefined; limit: number };

export interface RunService {
  list(query: Query): Promise<Page>;
  /** One run for each choice, with the same prompt; all of them or none. */
  create(input: RunInput, source?: RunSource, extras?: RunExtras): Promise<Run[]>;
  get(id: string): Promise<Run>;
  /** The same of one that was deleted in the last day, and nobody is told of it. Throws while portos-cos is away. */
  recall(id: string): Promise<Run>;
  events(id: string, query: { after: number; limit: number }): Promise<{ events: RunEvent[]; last: number }>;
  text(id: string): Promise<string>;
  /** A picture the run was given; `number` counts from 1. Throws `not_found`, and `conflict` when its file is gone. */
  image(id: string, number: number): Promise<RunImage>;
  /** The last answer of a run that was asked for JSON. Throws `not_found`. */
  jsonAnswer(id: string): Promise<RunAnswer>;
  say(id: string, text: string): Promise<Run>;
  answer(
    id: string,
    answer: { requestId: string; optionId: string | null; reason: string | null; by: string },
  ): Promise<Run>;
  /** `kind`: who or what stops it; the user unless it says otherwise. */
  stop(id: string, reason: string | null, kind?: AskedStop): Promise<Run>;
  resume(id: string): Promise<Run>;
  again(id: string, source?: RunSource): Promise<Run>;
  remove(id: string): Promise<Run>;
  restore(id: string): Promise<Run>;
}

/** Runs as the user handles them; portos-cos runs them. Every change it answers with is told like one it tells itself. */
export function createRunService(options: RunServiceOptions): RunService {
  const { cos, tracker, requests } = options;
  const starter = createRunStarter(options);

  async function changed(call: Promise<Run>): Promise<Run> {
    const run = await call;
    await tracker.hear(run);
    return run;
  }

  async function get(id: string): Promise<Run> {
    try {
      return await changed(cos.get({ params: { id } }));
    } catch (error) {
      const known = tracker.known.get(id);
      if (known && isAway(error)) return known;
      throw error;
    }
  }

  /** Who answered last, asked as it is set up now. Going on spends, too: what keeps a run from starting holds here as well. */
  async function targetsOf(id: string): Promise<RunTarget[]> {
    options.checkAllowed();
    const run = await cos.get({ params: { id } });
    const choice = choiceOf(run, run.attempts.at(-1), requests.get(run.id)?.choice ?? null);
    await options.checkBudget({ choice, source: run.source, appId: run.appId });
    const targets = targetsToGoOn(run, await options.resolveTargets(choice));
    if (targets.length > 0) return targets;
    const name = run.attempts.at(-1)?.providerName ?? "Its provider";
    throw new AppError("conflict", `${name} is not available any more`, {
      hint: "Turn the provider on again, or start the same prompt with another one.",
    });
  }

  return {
    async list({ before, limit, ...filter }) {
      try {
        const page = await cos.list({ query: { ...filter, ...(before === undefined ? {} : { before }), limit } });
        return { ...page, isUp: true, asOf: tracker.heardNow() };
      } catch (error) {
        if (!isAway(error)) throw error;
        const items = before === undefined ? tracker.known.list(filter).slice(0, limit) : [];
        return { items, next: null, isUp: false, asOf: tracker.asOf() };
      }
    },
    create: starter.create,
    get,
    recall: (id) => cos.recall({ params: { id } }),
    events: (id, query) => cos.events({ params: { id }, query }),
    text: async (id) => (await cos.text({ params: { id } })).text,
    image: (id, number) => cos.image({ params: { id, number } }),
    jsonAnswer: (id) => cos.jsonAnswer({ params: { id } }),
    async say(id, text) {
      const targets = await targetsOf(id);
      return changed(cos.say({ params: { id }, body: { text, targets } }));
    },
    answer: (id, body) => changed(cos.answer({ params: { id }, body })),
    stop: (id, reason, kind = "user") => changed(cos.stop({ params: { id }, body: { reason, kind } })),
    async resume(id) {
      const targets = await targetsOf(id);
      return changed(cos.resume({ params: { id }, body: { targets } }));
    },
    again: starter.again,
    async remove(id) {
      const run = await cos.get({ params: { id } });
      if (isOpenState(run.state))
        throw new AppError("conflict", "This run is not over yet", { hint: "Stop it first." });
      const removed = await cos.remove({ params: { id } });
      await tracker.forget(removed);
      return removed;
    },
    restore: (id) => changed(cos.restore({ params: { id } })),
  };
}

/** Whether portos-cos itself is away, or so slow that it makes no difference. */
function isAway(error: unknown): boolean {
  return error instanceof AppError && (error.code === "unavailable" || error.code === "timeout");
}
