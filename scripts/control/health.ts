import { request } from "node:http";

import { z } from "zod";

const healthSchema = z.looseObject({ status: z.string(), process: z.string(), sessionCount: z.number().optional() });

export type Health = z.output<typeof healthSchema>;

/** Asks `GET /health` on loopback; `null` when nobody or somebody else answers within the time. */
export function askHealth(port: number, name: string, timeoutMs = 1_500): Promise<Health | null> {
  return new Promise((resolve) => {
    const call = request(
      { host: "127.0.0.1", port, path: "/health", agent: false, signal: AbortSignal.timeout(timeoutMs) },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", () => {
          resolve(null);
        });
        response.on("end", () => {
          resolve(parse(Buffer.concat(chunks).toString("utf8"), name));
        });
      },
    );
    call.on("error", () => {
      resolve(null);
    });
    call.end();
  });
}

function parse(body: string, name: string): Health | null {
  try {
    const health = healthSchema.safeParse(JSON.parse(body));
    return health.success && health.data.process === name ? health.data : null;
  } catch {
    return null; // not JSON: not one of ours
  }
}
