import type {
  Review,
  ReviewCheck,
  ReviewComment,
  ReviewFile,
  ReviewSummary,
} from "../../../contract/features/reviews.ts";
import type { WorktreeSetup } from "../../../contract/features/worktrees.ts";
import { isOpenState } from "../../../contract/run-transcript.ts";
import { AppError } from "../../../lib/app-error.ts";
import { redact, redactDiff } from "../../../lib/redact.ts";
import { runGit, type GitPlace } from "../../../lib/processes/git-command.ts";
import { fileLines, findAnchor } from "./comment-anchor.ts";
import { readable, changeHash, type TreeChange } from "./diff-parts.ts";
import { planMerge, pointsTo } from "./merge-plan.ts";
import type { OpenWork } from "./review-desk.ts";
import type { ReviewRecord, StoredComment, StoredDecision } from "./review-record.ts";
import { discardedReference } from "./settle-work.ts";
import { reviewFile, treeChanges } from "./work-diff.ts";
import { whyNoWork } from "./work-place.ts";

const maxFiles = 2_000;
const maxFileBytes = 8 * 1024 * 1024;
/** How long discarded work is kept, and a decision can be taken back. */
export const keepDecisionMs = 30 * 24 * 60 * 60_000;

/** A line of the list of reviews. */
export function summaryOf(record: ReviewRecord, nowMs: number): ReviewSummary {
  const { runId, title, appId, runState, state, createdAt, figures, decision } = record;
  return {
    runId,
    title: redact(title),
    appId,
    runState,
    state,
    createdAt,
    ...figures,
    decision: decision === null ? null : decisionView(state, decision, isRecent(decision, nowMs)),
  };
}

function isRecent({ at }: StoredDecision, nowMs: number): boolean {
  return nowMs - Date.parse(at) < keepDecisionMs;
}

function decisionView(
  state: ReviewRecord["state"],
  { by, at, to, work, branch }: StoredDecision,
  canUndo: boolean,
): NonNullable<Review["decision"]> {
  return { by, at, branch, canUndo, commit: state === "discarded" ? null : (to ?? work) };
}

interface ViewSurroundings {
  /** Those the app has. */
  checks: WorktreeSetup["checks"];
  ranElsewhere: readonly ReviewCheck[];
  nowMs: number;
}

/** A review with everything a page shows. `open` is `null` for work that was decided on or whose worktree is gone. */
export async function reviewView(
  record: ReviewRecord,
  open: OpenWork | null,
  { checks, ranElsewhere, nowMs }: ViewSurroundings,
): Promise<Review> {
  const { runId, title, appId, runState, state, createdAt, worktree, decision, reverts } = record;
  const shown = decision ?? record.last;
  const place: GitPlace = open ? open.work.place : worktree.repository;
  const changes = open ? open.changes : shown ? await changesOf(place, shown.base, shown.tree) : [];
  const tree = open?.work.tree ?? shown?.tree ?? "";
  const base = open?.work.base ?? shown?.base ?? "";
  const [accepted, copied] = [new Set(record.accepted), new Set(record.copied)];
  const file = (change: TreeChange): ReviewFile => {
    const [isAccepted, isCopied] = [accepted.has(changeHash(change)), copied.has(readable(change.rawPath))];
    return reviewFile(change, { isAccepted, isCopied });
  };
  return {
    runId,
    title: redact(title),
    appId,
    runState,
    worktree,
    state,
    createdAt,
    files: changes.slice(0, maxFiles).map(file),
    isCut: changes.length > maxFiles,
    added: changes.reduce((sum, { added }) => sum + added, 0),
    removed: changes.reduce((sum, { removed }) => sum + removed, 0),
    tree,
    comments: await commentViews(place, record.comments, { changes, base, tree }),
    checks: shownChecks(record, ranElsewhere, tree),
    knownChecks: checks.map(({ name, command }) => ({ name, command })),
    ...(await mergeState(record, open)),
    cannotSend: sendProblem(record),
    canUndoRevert: state === "open" && reverts.length > 0 && open !== null,
    decision:
      decision && decisionView(state, decision, isRecent(decision, nowMs) && (await isStillThere(record, decision))),
  };
}

/** Those of the review. Where none of them tells of this very work, what ran on it elsewhere does. */
function shownChecks(record: ReviewRecord, ranElsewhere: readonly ReviewCheck[], tree: string): ReviewCheck[] {
  const own = record.checks.map(({ id: _id, timeoutMs: _timeout, isEnding: _isEnding, ...check }) => ({
    ...check,
    isStale: check.tree !== tree,
  }));
  const isUnderWay = own.some(({ state }) => state === "queued" || state === "running");
  const others = isUnderWay
    ? []
    : ranElsewhere.filter(
        (one) => one.tree === tree && !own.some(({ name, isStale }) => name === one.name && !isStale),
      );
  return [...own.filter(({ name }) => !others.some((one) => one.name === name)), ...others];
}

/** Of work decided on long ago git may have forgotten the files. */
async function changesOf(place: GitPlace, base: string, tree: string): Promise<TreeChange[]> {
  try {
    return await treeChanges(place, base, tree);
  } catch (error) {
    if (error instanceof AppError && error.code === "conflict") return [];
    throw error;
  }
}

async function mergeState(record: ReviewRecord, open: OpenWork | null): Promise<Pick<Review, "conflicts" | "blocked">> {
  const blocked = await mergeProblem(record, open);
  if (record.state !== "open" || blocked !== null || open === null) return { conflicts: [], blocked };
  const plan = await planMerge(record.worktree, open.work);
  return { conflicts: plan.conflicts, blocked: plan.blocked };
}

/** Why it need not even be tried. */
async function mergeProblem(record: ReviewRecord, open: OpenWork | null): Promise<string | null> {
  if (record.state !== "open") return null;
  if (record.pending !== null)
    return "A merge was begun and could not be finished. It is tried again at the next start.";
  if (open === null) return whyNoWork(record.worktree);
  if (isOpenState(record.runState)) return "The agent is at work. Wait until it is done, or stop it.";
  return open.changes.length === 0 ? "Nothing is changed." : null;
}

/** Why the agent cannot be told anything; `null` when it can. */
export function sendProblem({ state, runState, canContinue }: ReviewRecord): string | null {
  if (state !== "open") return "This work was decided on already.";
  if (isOpenState(runState)) return "The agent is at work. Wait until it is done, or stop it.";
  return canContinue ? null : "The agent cannot go on with this run. Give the comments to a new run.";
}

async function isStillThere({ runId, state, worktree }: ReviewRecord, decision: StoredDecision): Promise<boolean> {
  const { repository } = worktree;
  try {
    if (state === "merged")
      return decision.reference !== null && (await pointsTo(repository, decision.reference, decision.to ?? ""));
    if (state === "branch") return await pointsTo(repository, `refs/heads/${decision.branch ?? ""}`, decision.work);
    return await pointsTo(repository, discardedReference(runId), decision.work);
  } catch (error) {
    if (error instanceof AppError) return false;
    throw error;
  }
}

interface Sides {
  changes: readonly TreeChange[];
  base: string;
  tree: string;
}

async function commentViews(
  place: GitPlace,
  comments: readonly StoredComment[],
  sides: Sides,
): Promise<ReviewComment[]> {
  const texts = new Map<string, Promise<string[] | null>>();
  return Promise.all(
    comments.map(async ({ before, after, ...comment }) => {
      const name = `${comment.side}:${comment.path}`;
      const lines = texts.get(name) ?? readSide(place, comment, sides);
      texts.set(name, lines);
      const known = await lines;
      const line = known && findAnchor(known, { ...comment, before, after });
      const [lineText = ""] = redactDiff([comment.lineText]);
      return {
        ...comment,
        lineText,
        text: redact(comment.text),
        line: line ?? comment.line,
        isOutdated: line === null,
      };
    }),
  );
}

/** Lines of one side of a file; `null` when there is no such file. */
export async function readSide(
  place: GitPlace,
  { path, side }: Pick<ReviewComment, "path" | "side">,
  { changes, base, tree }: Sides,
): Promise<string[] | null> {
  const change = changes.find(({ rawPath }) => readable(rawPath) === path);
  const former = change ? readable(change.rawFormerPath) : path;
  const name = side === "new" ? `${tree}:${path}` : `${base}:${former}`;
  const reply = await runGit(place, ["cat-file", "blob", name], { maxBytes: maxFileBytes });
  return reply.code === 0 ? fileLines(reply.stdout) : null;
}
