import { randomInt } from "node:crypto";

import type { AppContext } from "../../app-context.ts";
import { createLearning, type Learning, type LearningOptions } from "./learning-service.ts";
import { type LearningFile, learningFile } from "./learning-file.ts";
import { mountLearning } from "./routes.ts";
import { seededRandom } from "./seeded-random.ts";

const previewSeed = 20_240_229;
const randomRange = 2 ** 32;

/** Opens the file and mounts the endpoints. */
export async function buildLearning(
  context: AppContext,
  dependencies: Pick<LearningOptions, "weights" | "candidates" | "nameOf">,
): Promise<Learning> {
  const learning = createLearning({
    ...dependencies,
    store: await context.openStore<LearningFile>("learning", learningFile),
    clock: context.clock,
    random: () => randomInt(randomRange) / randomRange,
    previewRandom: () => seededRandom(previewSeed),
  });
  mountLearning(context.mount, learning);
  return learning;
}
