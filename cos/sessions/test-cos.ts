import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { z } from "zod";

import { cosEndpoints, sessionSpecSchema, type SessionInfo, type SessionSpec } from "../../contract/internal/cos.ts";
import { parseEnv } from "../../lib/env.ts";
import { createInternalClient, type InternalClient } from "../../lib/internal-client.ts";
import { silentLogger } from "../../lib/logger.ts";
import { startCos } from "../app.ts";
import { attachTestViewer, type TestViewer } from "./test-viewer.ts";

/** portos-cos with a data folder of its own, for tests. */
export interface TestCos {
  port: number;
  dataDir: string;
  client: InternalClient<typeof cosEndpoints>;
  create(spec?: SessionSpec): Promise<SessionInfo>;
  view(id: string, options?: Parameters<typeof attachTestViewer>[2]): Promise<TestViewer>;
  ended(id: string, timeoutMs?: number): Promise<SessionInfo>;
  output(id: string): Promise<Buffer>;
  /** Stops the process's parts and starts them again on the same data. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export async function startTestCos(options: { shell?: string } = {}): Promise<TestCos> {
  const dataDir = mkdtempSync(join(tmpdir(), "portos-cos-"));
  const env = parseEnv({ NODE_ENV: "test", PORTOS_DATA_DIR: dataDir }, process.cwd());
  const begin = (): ReturnType<typeof startCos> => startCos({ env, logger: silentLogger, port: 0, ...options });
  let running = await begin();
  const viewers: TestViewer[] = [];
  const connect = (): InternalClient<typeof cosEndpoints> =>
    createInternalClient(cosEndpoints, { baseUrl: `http://127.0.0.1:${running.port}`, name: "portos-cos" });
  const cos: TestCos = {
    port: running.port,
    dataDir,
    client: connect(),
    create(spec = {}) {
      const body: z.input<typeof sessionSpecSchema> = { cwd: dataDir, ...spec };
      return cos.client.create({ body });
    },
    async view(id, viewOptions) {
      const viewer = await attachTestViewer(running.port, id, viewOptions);
      viewers.push(viewer);
      return viewer;
    },
    async ended(id, timeoutMs = 20_000) {
      const until = Date.now() + timeoutMs;
      for (;;) {
        const session = await cos.client.get({ params: { id } });
        if (session.state === "ended") return session;
        if (Date.now() > until) throw new Error(`still ${session.state}`);
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    },
    async output(id) {
      const parts: Buffer[] = [];
      for (let from = 0; ;) {
        const reply = await cos.client.output({ params: { id }, query: { from } });
        const bytes = Buffer.from(reply.data, "base64");
        parts.push(bytes);
        from = reply.from + bytes.length;
        if (bytes.length === 0) return Buffer.concat(parts);
      }
    },
    async restart() {
      await running.stop();
      running = await begin();
      cos.port = running.port;
      cos.client = connect();
    },
    async stop() {
      for (const viewer of viewers) viewer.close();
      await running.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
  return cos;
}
