/** What `bench/apps.mjs` measures, bundled into one file. */
export { silentLogger } from "../../lib/logger.ts";
export { createFakePm2 } from "../../server/testing/fake-pm2.ts";
export { startTestApp } from "../../server/testing/test-app.ts";
