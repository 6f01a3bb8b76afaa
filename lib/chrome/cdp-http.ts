import { request } from "node:http";

import { z } from "zod";

import type { BrowserTab } from "../../contract/internal/browser.ts";
import { AppError } from "../app-error.ts";

/** Where Chrome's remote control listens. */
export interface CdpAddress {
  host: string;
  port: number;
}

const versionSchema = z.looseObject({ Browser: z.string(), webSocketDebuggerUrl: z.string() });
export type CdpVersion = z.infer<typeof versionSchema>;
const targetSchema = z.object({ id: z.string(), type: z.string(), title: z.string(), url: z.string() });

const maxReplyBytes = 4 * 1024 * 1024;

/** Chrome's own HTTP endpoints. Chrome that does not answer in time is `timeout`, one that is gone `unavailable`. */
export function createCdpHttp({ host, port }: CdpAddress, timeoutMs = 2_000) {
  const authority = host.includes(":") ? `[${host}]:${port}` : `${host === "localhost" ? "127.0.0.1" : host}:${port}`;

  async function version(): Promise<CdpVersion> {
    const reply = versionSchema.parse(await askJson(authority, "GET", "/json/version", timeoutMs));
    // Only the path of this address is Chrome's to say; the host is the one we talk to.
    const path = new URL(reply.webSocketDebuggerUrl).pathname;
    return { ...reply, webSocketDebuggerUrl: `ws://${authority}${path}` };
  }

  return {
    version,
    async tabs(): Promise<BrowserTab[]> {
      const targets = z.array(targetSchema).parse(await askJson(authority, "GET", "/json/list", timeoutMs));
      return targets
        .filter(({ type }) => type === "page")
        .map(({ id, title, url }) => ({ id, title: title || url, url }));
    },
    async open(url: string): Promise<BrowserTab> {
      const path = `/json/new?${encodeURIComponent(url)}`;
      const { id, title } = targetSchema.parse(await askJson(authority, "PUT", path, timeoutMs));
      return { id, title: title || url, url };
    },
    async activate(id: string): Promise<void> {
      await ask(authority, "PUT", `/json/activate/${id}`, timeoutMs);
    },
    async close(id: string): Promise<void> {
      await ask(authority, "PUT", `/json/close/${id}`, timeoutMs);
    },
  };
}

export type CdpHttp = ReturnType<typeof createCdpHttp>;

async function askJson(authority: string, method: string, path: string, timeoutMs: number): Promise<unknown> {
  const text = await ask(authority, method, path, timeoutMs);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AppError("upstream_failed", `What listens on ${authority} is not Chrome`, { cause });
  }
}

function ask(authority: string, method: string, path: string, timeoutMs: number): Promise<string> {
  const signal = AbortSignal.timeout(timeoutMs);
  return new Promise((resolve, reject) => {
    const failed = (cause: Error): void => {
      reject(
        signal.aborted
          ? new AppError("timeout", `Chrome did not answer within ${timeoutMs / 1000} s`, { cause })
          : new AppError("unavailable", "Chrome is not running", { cause }),
      );
    };
    const call = request(`http://${authority}${path}`, { method, agent: false, signal }, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > maxReplyBytes) call.destroy(new Error("The reply is too large"));
        else chunks.push(chunk);
      });
      response.on("error", failed);
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        if (response.statusCode === 200) resolve(text);
        else if (response.statusCode === 404) reject(new AppError("not_found", "That tab is not open any more"));
        else reject(new AppError("upstream_failed", `Chrome answered ${response.statusCode ?? 0} to ${path}`));
      });
    });
    call.on("error", failed);
    call.end();
  });
}
