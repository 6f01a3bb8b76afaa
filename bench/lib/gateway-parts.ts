export { createAgentPool } from "../../lib/guarded-http/agent-pool.ts";
export { createDomainRules } from "../../lib/guarded-http/domain-rules.ts";
export { guardedRequest } from "../../lib/guarded-http/guarded-http.ts";
export { publicGuard } from "../../lib/guarded-http/public-guard.ts";
export { createTrace } from "../../lib/guarded-http/trace.ts";
export { defineConnector, defineOperation } from "../../server/connectors/framework/define-connector.ts";
export { createTestGateway } from "../../server/connectors/framework/testing/test-gateway.ts";
