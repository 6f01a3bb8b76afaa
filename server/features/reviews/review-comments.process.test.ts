import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, it, vi } from "vitest";

import type { RunWorktree } from "../../../contract/features/isolation.ts";
import { registerSecret } from "../../../lib/redact.ts";
import { writeFiles } from "../../../lib/testing/git-repository.ts";
import { endedRun, makeWork, runId, startReviews, type ReviewBed } from "./testing/review-bed.ts";

let directory: string;
let worktree: RunWorktree;
let bed: ReviewBed;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "portos-comments-"));
  vi.stubEnv("HOME", directory); // whoever runs the tests has told git a name
  vi.stubEnv("XDG_CONFIG_HOME", directory);
  worktree = await makeWork(directory, { "app.txt": "one\n" });
  bed = await startReviews(directory, []);
});

afterEach(async () => {
  await bed.stop();
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true, force: true });
});

it("shows no secret of a comment and keeps none once it is sent, but tells the agent what was written", async () => {
  const secret = "amber-lagoon-31";
  registerSecret(secret);
  await writeFiles(worktree.folder, { "app.txt": "two\n" });
  await bed.open(endedRun(worktree));
  const place = { path: "app.txt", side: "new", line: 1 } as const;
  const made = await bed.reviews.addComment(runId, { ...place, text: `Try ${secret}` }, "anna");
  expect(made.comments.map(({ text }) => text)).toEqual(["Try [redacted]"]);
  // Saved as it was shown, it stays what it was.
  const id = made.comments[0]?.id ?? "";
  await bed.reviews.updateComment(runId, id, "Try [redacted]");
  expect(await bed.reviews.message(runId)).toContain("Try [redacted]");
  await bed.reviews.send(runId, "");
  expect(bed.said[0]).toContain(`Try ${secret}`);
  const kept = await readFile(join(directory, "data/reviews.json"), "utf8");
  expect(kept).toContain("Try [redacted]");
  expect(kept).not.toContain(secret);
});
