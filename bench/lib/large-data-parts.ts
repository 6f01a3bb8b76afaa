export { dataFiles } from "../../contract/data-files.ts";
export { historyEntrySchema } from "../../contract/features/history.ts";
export { freePort } from "../../lib/testing/free-port.ts";
export { ledgerEntrySchema } from "../../server/features/automations/occurrence-ledger.ts";
export { openJsonLog } from "../../lib/json-log.ts";
export { silentLogger } from "../../lib/logger.ts";
