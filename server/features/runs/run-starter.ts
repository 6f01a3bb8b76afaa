import type { LimitNames, Run, RunChoice, RunImage, RunInput } from "../../../contract/features/runs.ts";
import type { Isolation } from "../../../contract/features/isolation.ts";
import type { WorktreeSetup } from "../../../contract/features/worktrees.ts";
import type { internalRunsEndpoints, RunSpec, RunTarget } from "../../../contract/internal/runs.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import { type InternalClient, mayHaveArrived } from "../../../lib/internal-client.ts";
import { countableTargets } from "./countable-targets.ts";
import type { RunBus } from "./run-hooks.ts";
import { existingFolder, newGroupId, newRunId, titleOf } from "./run-input.ts";
import type { RunRequests } from "./run-requests.ts";
import type { RunTracker } from "./run-tracker.ts";

export type CosRuns = InternalClient<typeof internalRunsEndpoints>;

/** Who asks for a run; the user when it comes from a page. */
export type RunSource = Run["source"];

/** What a caller inside the server may say besides what the user can. */
export interface RunExtras {
  /** The id it is to have: told again it starts nothing twice, a second start is a `conflict`. One choice only. */
  id?: string;
  priority?: RunSpec["priority"];
  /** What the text was made from. */
  prompt?: Run["prompt"];
  /** Pictures besides those of the input; they need not fit into a request. */
  images?: readonly RunImage[];
  /** Whose limits its budget holds. */
  limitNames?: LimitNames | undefined;
}

export interface RunServiceOptions {
  cos: CosRuns;
  tracker: RunTracker;
  requests: RunRequests;
  bus: RunBus;
  /** Providers to ask, in order, secrets in the clear. Throws `invalid_request` when there is nobody to ask. */
  resolveTargets(choice: RunChoice): Promise<RunTarget[]> | RunTarget[];
  /** Text of a template with its values, and the versions used. */
  renderTemplate(
    prompt: Pick<Extract<RunInput["prompt"], { kind: "template" }>, "promptId" | "version" | "values">,
  ): Promise<{ text: string } & Omit<NonNullable<Run["prompt"]>, "id">>;
  /** How worktrees of an app are made. */
  setupOf(appId: string | null): WorktreeSetup;
  /** Folder of an app; nothing when there is no such app. */
  folderOf(appId: string): string | undefined;
  /** Throws when the budgets of the day leave no room for another run. */
  checkBudget(request: { choice: RunChoice; source: RunSource; appId: string | null }): Promise<void> | void;
  /** Throws `conflict` saying so while everything is stopped. */
  checkAllowed(): void;
  clock: Clock;
}

const byUser: RunSource = { kind: "user", id: "user" };

/** Turns what was asked for into runs of portos-cos. */
export interface RunStarter {
  /** One run for each choice, with the same prompt; all of them or none. */
  create(input: RunInput, source?: RunSource, extras?: RunExtras): Promise<Run[]>;
  /** The prompt of a run once more, as a new run. */
  again(id: string, source?: RunSource): Promise<Run>;
}

export function createRunStarter(options: RunServiceOptions): RunStarter {
  const { cos, tracker, requests, bus, clock } = options;

  /** On disk before it starts: no end goes untold, whatever happens to this process. */
  async function start(spec: RunSpec, choice: RunChoice): Promise<Run> {
    const isTold = requests.get(spec.id) !== undefined;
    await requests.add(spec.id, choice, spec.folder);
    try {
      const run = await cos.start({ body: spec });
      await tracker.hear(run);
      await bus.tell("created", run);
      return run;
    } catch (error) {
      // It may have started all the same, or an earlier time it was told: then its end is still to be told.
      if (!isTold && !(error instanceof AppError && mayHaveArrived(error))) await requests.remove(spec.id);
      throw error;
    } finally {
      requests.settled(spec.id);
    }
  }

  /** All or none: those begun before one was refused are taken back. */
  async function startAll(specs: { spec: RunSpec; choice: RunChoice }[]): Promise<Run[]> {
    const runs: Run[] = [];
    try {
      for (const { spec, choice } of specs) runs.push(await start(spec, choice));
    } catch (error) {
      for (const { id } of runs) {
        await tracker.hear(
          await cos.stop({ params: { id }, body: { reason: "Another run of the group could not start" } }),
        );
      }
      throw error;
    }
    return runs;
  }

  async function create(input: RunInput, source: RunSource = byUser, extras: RunExtras = {}): Promise<Run[]> {
    options.checkAllowed();
    const appId = input.appId ?? null;
    const folder = await folderFor(input.folder ?? null, appId);
    const { text, prompt } = await textOf(input.prompt);
    const images = [...(input.images ?? []), ...(extras.images ?? [])];
    const resolved = [];
    for (const choice of input.choices) {
      await options.checkBudget({ choice, source, appId });
      resolved.push({ choice, targets: countableTargets(await options.resolveTargets(choice), input.budget) });
    }
    if (input.answerFormat?.kind === "json") for (const { targets } of resolved) checkForJson(targets);
    const now = clock.now();
    const common = {
      title: titleOf(input.title, text),
      source,
      groupId: resolved.length > 1 ? newGroupId(now) : null,
      appId,
      permissionMode: input.permissionMode,
      budget: input.budget,
      ...(extras.limitNames === undefined ? {} : { limitNames: extras.limitNames }),
      isolation: input.isolation,
      tools: input.tools ?? null,
      taskType: input.taskType ?? null,
      setup: setupFor(input.isolation, () => options.setupOf(appId)),
      prompt: prompt ?? extras.prompt ?? null,
      folder,
      text,
      ...(images.length === 0 ? {} : { images }),
      ...(input.answerFormat === undefined ? {} : { answerFormat: input.answerFormat }),
      priority: extras.priority ?? ("normal" as const),
    };
    return startAll(
      // One after the other, so that a group keeps the order it was asked in.
      resolved.map(({ choice, targets }, index) => ({
        choice,
        spec: { id: extras.id ?? newRunId(now + index), ...common, targets },
      })),
    );
  }

  async function folderFor(folder: string | null, appId: string | null): Promise<string | null> {
    const ofApp = appId === null ? null : options.folderOf(appId);
    if (ofApp === undefined)
      throw new AppError("invalid_request", "There is no such app", {
        issues: [{ path: "body.appId", message: "is not an app" }],
      });
    const wanted = folder ?? ofApp;
    return wanted === null ? null : existingFolder(wanted);
  }

  async function textOf(prompt: RunInput["prompt"]): Promise<{ text: string; prompt: Run["prompt"] }> {
    if (prompt.kind === "text") return { text: prompt.text, prompt: null };
    const { text, ...versions } = await options.renderTemplate(prompt);
    return { text, prompt: { id: prompt.promptId, ...versions } };
  }

  async function again(id: string, source: RunSource = byUser): Promise<Run> {
    options.checkAllowed();
    const before = await cos.get({ params: { id } });
    const { text, images } = await cos.text({ params: { id } });
    const request = requests.get(id);
    const choice = request?.choice ?? choiceOf(before, before.attempts[0], null);
    await options.checkBudget({ choice, source, appId: before.appId });
    const folder = request ? request.folder : folderOf(before);
    const spec: RunSpec = {
      id: newRunId(clock.now()),
      title: before.title,
      source,
      groupId: before.groupId,
      appId: before.appId,
      permissionMode: before.permissionMode,
      budget: before.budget,
      isolation: before.isolation,
      tools: before.tools ?? null,
      taskType: before.taskType,
      setup: setupFor(before.isolation, () => options.setupOf(before.appId)),
      prompt: before.prompt,
      folder: folder === null ? null : await existingFolder(folder),
      text,
      ...(images === undefined ? {} : { images }),
      ...(before.answerFormat === undefined ? {} : { answerFormat: before.answerFormat }),
      targets: countableTargets(await options.resolveTargets(choice), before.budget),
      priority: "normal",
    };
    return start(spec, choice);
  }

  return { create, again };
}

/** How the worktree of a new run is made. */
function setupFor(isolation: Isolation, setupOf: () => WorktreeSetup): RunSpec["setup"] {
  if (isolation.kind === "none") return null;
  const { setupCommand, setupTimeoutMs, copiedFiles } = setupOf();
  return { setupCommand, setupTimeoutMs, copiedFiles };
}

/** Programs answer as they like; only APIs are held to JSON. */
function checkForJson(targets: readonly RunTarget[]): void {
  if (targets.some(({ engine }) => engine === "api")) return;
  const names = targets.map(({ providerName }) => providerName).join(", ");
  throw new AppError("invalid_request", `Answers in JSON come from APIs only, and ${names} is a program`, {
    issues: [{ path: "body.answerFormat", message: "needs a provider that is an API" }],
  });
}

/** Where a run worked of which nobody knows what was asked for; `null` for a folder that was made for it alone. */
function folderOf({ id, worktree, folder }: Run): string | null {
  return worktree?.repository ?? (folder.endsWith(`/${id}/work`) ? null : folder);
}

/** Asks the same provider and model again; what was asked for when there was no attempt yet. */
export function choiceOf(run: Run, attempt: Run["attempts"][number] | undefined, asked: RunChoice | null): RunChoice {
  if (attempt) return { providerId: attempt.providerId, model: attempt.model, mayFallBack: asked?.mayFallBack ?? true };
  if (asked) return asked;
  throw new AppError("conflict", `Nobody was asked in "${run.title}" yet, so there is nobody to ask again`);
}
