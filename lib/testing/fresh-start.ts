import { vi } from "vitest";

// Runs before each file of tests, in whichever worker that is: nothing of the file before is left.
vi.useRealTimers();
vi.restoreAllMocks();
vi.unstubAllEnvs();
vi.unstubAllGlobals();
vi.resetModules();
