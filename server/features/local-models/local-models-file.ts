import { z } from "zod";

import {
  localJobSchema,
  type LocalServerKind,
  localServerKindSchema,
} from "../../../contract/features/local-models.ts";
import { storedSecretSchema } from "../../../lib/secret-box.ts";

const serverSchema = z.strictObject({
  isEnabled: z.boolean().default(false),
  baseUrl: z.string(),
  token: storedSecretSchema.default(null),
});
export type ServerConfig = z.output<typeof serverSchema>;

/** A job as it is kept; the progress of a running one is not. */
export const jobRecordSchema = z.strictObject({
  server: localServerKindSchema,
  job: localJobSchema,
  /** What the server itself calls a download. */
  remoteJob: z.string().nullable(),
});
export type JobRecord = z.output<typeof jobRecordSchema>;

/** Shape of `local-models.json`. */
export const localModelsFile = {
  schema: z.strictObject({
    servers: z.strictObject({
      lmstudio: serverSchema.prefault({ baseUrl: "http://localhost:1234" }),
      ollama: serverSchema.prefault({ baseUrl: "http://localhost:11434" }),
    }),
    jobs: z.array(jobRecordSchema).default([]),
  }),
  initial: {
    servers: {
      lmstudio: { isEnabled: false, baseUrl: "http://localhost:1234", token: null },
      ollama: { isEnabled: false, baseUrl: "http://localhost:11434", token: null },
    },
    jobs: [],
  },
  version: 1,
};
export type LocalModelsFile = z.output<typeof localModelsFile.schema>;

export const serverKinds: readonly LocalServerKind[] = ["lmstudio", "ollama"];
