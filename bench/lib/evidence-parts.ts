export { systemDisk } from "../../lib/durable-file.ts";
export { openJsonLog } from "../../lib/json-log.ts";
export { verifyChain } from "../../lib/json-log-verify.ts";
export { silentLogger } from "../../lib/logger.ts";
export { openEvidenceBook } from "../../server/connectors/framework/evidence/evidence-book.ts";
export { evidenceRowSchema, indexEvidence } from "../../server/connectors/framework/evidence/evidence-row.ts";
export { sampleIntent, sampleRecord } from "../../server/connectors/framework/evidence/testing/sample-record.ts";
export { openOutbox } from "../../server/connectors/framework/outbox/outbox.ts";
export { outboxRowSchema } from "../../server/connectors/framework/outbox/outbox-row.ts";
