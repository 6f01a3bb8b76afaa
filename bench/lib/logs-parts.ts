export { silentLogger } from "../../lib/logger.ts";
export { createPm2Client } from "../../lib/processes/pm2-client.ts";
