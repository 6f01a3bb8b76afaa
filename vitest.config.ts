import { availableParallelism } from "node:os";

import { defineConfig } from "vitest/config";

const common = {
  environment: "node" as const,
  exclude: ["**/node_modules/**", "data/**", "dist/**", "e2e/**"],
  // What is waited for comes at once on an idle machine; a busy one needs patience, and only a failure costs it.
  expect: { poll: { timeout: 15_000 } },
};
/** One worker for many files, because packages cost more to load than most tests to run; our own modules begin anew in each. */
const shared = { isolate: false, setupFiles: ["lib/testing/fresh-start.ts"] };

/** Two files at once even on two cores: most of their time tests wait. */
const workers = Math.max(2, Math.min(availableParallelism(), 8));
/** Tests over HTTP wait for one another's replies and files. */
const httpWorkers = 3;
/** Tests of real processes wait the most. */
const processWorkers = 4;

/** Test projects by cost: `unit` is pure, `http` opens a free port, `process` starts real children (pty, PM2, Chrome), `agents` installs agent programs first. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...common,
          ...shared,
          name: "unit",
          include: ["**/*.test.{ts,tsx}"],
          exclude: [...common.exclude, "**/*.http.test.ts", "**/*.process.test.ts", "**/*.agents.test.ts"],
          testTimeout: 30_000,
          maxWorkers: workers,
        },
      },
      {
        test: {
          ...common,
          ...shared,
          name: "http",
          include: ["**/*.http.test.ts"],
          testTimeout: 45_000,
          hookTimeout: 45_000,
          maxWorkers: httpWorkers,
        },
      },
      {
        test: {
          ...common,
          name: "process",
          include: ["**/*.process.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: processWorkers,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...common,
          name: "agents",
          include: ["**/*.agents.test.ts"],
          testTimeout: 180_000,
          hookTimeout: 60_000,
          retry: 1, // programs of others: what fails twice is ours
          globalSetup: "cos/agents/testing/install-agents.ts",
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
