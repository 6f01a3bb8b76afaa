import type { commonTaskTypes } from "../../../contract/features/tasks.ts";

/** Kinds of work offered first. */
export const commonTypes: readonly (typeof commonTaskTypes)[number][] = [
  "feature",
  "fix",
  "refactor",
  "test",
  "docs",
  "review",
  "research",
  "chore",
];
