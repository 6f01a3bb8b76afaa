import { defineConfig } from "vitest/config";

const common = { environment: "node" as const, exclude: ["**/node_modules/**", "dist/**", "e2e/**"] };

/** Test projects by cost: `unit` is pure, `http` opens a free port, `process` starts real children (pty, PM2, Chrome), `agents` installs agent programs first. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...common,
          name: "unit",
          include: ["**/*.test.{ts,tsx}"],
          exclude: [...common.exclude, "**/*.http.test.ts", "**/*.process.test.ts", "**/*.agents.test.ts"],
          testTimeout: 20_000,
        },
      },
      { test: { ...common, name: "http", include: ["**/*.http.test.ts"], testTimeout: 20_000, hookTimeout: 20_000 } },
      {
        test: {
          ...common,
          name: "process",
          include: ["**/*.process.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          ...common,
          name: "agents",
          include: ["**/*.agents.test.ts"],
          testTimeout: 180_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
