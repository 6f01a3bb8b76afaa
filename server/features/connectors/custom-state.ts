import { z } from "zod";

import { mcpServerInfoSchema, mcpToolFactsSchema } from "../../../contract/features/mcp-connectors.ts";
import { acceptedModuleSchema } from "../../connectors/custom/module/accepted-module.ts";

const offeredSchema = z.strictObject({
  at: z.iso.datetime(),
  server: mcpServerInfoSchema.nullable(),
  tools: z.array(mcpToolFactsSchema),
});
export type OfferedTools = z.output<typeof offeredSchema>;

const customStateSchema = z.strictObject({
  /** By id of the connector. */
  offered: z.record(z.string(), offeredSchema).default({}),
  modules: z.record(z.string(), acceptedModuleSchema).default({}),
});
export type CustomState = z.output<typeof customStateSchema>;

/** How `data/custom-connectors.json` is opened. */
export const customStateFile = {
  schema: customStateSchema,
  initial: customStateSchema.parse({}),
  version: 1,
};
