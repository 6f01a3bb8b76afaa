import { test as base } from "@playwright/test";

import { createPrivatePortos, type PrivatePortos } from "../../scripts/lib/private-portos.mjs";

export { expect } from "@playwright/test";

/** A reply of the API of the private PortOS. */
export interface ApiReply {
  status: number;
  body: unknown;
}

export interface PortosFixture extends PrivatePortos {
  /** Calls the API as the page would: JSON both ways. */
  call(method: string, path: string, body?: unknown): Promise<ApiReply>;
}

/** Playwright's `test` with a running PortOS per worker: `portos`, and `page` opening its addresses. */
export const test = base.extend<{ baseURL: string }, { portos: PortosFixture }>({
  portos: [
    // oxlint wants a destructured first argument to be used; Playwright wants it to be destructured.
    async ({ browserName }, use) => {
      const portos = await createPrivatePortos();
      try {
        await use({ ...portos, call: (method, path, body) => call(portos.url, method, path, body) });
      } finally {
        await portos.stop();
      }
      void browserName;
    },
    { scope: "worker", timeout: 120_000 },
  ],
  baseURL: async ({ portos }, use) => {
    await use(portos.url);
  },
});

async function call(url: string, method: string, path: string, body?: unknown): Promise<ApiReply> {
  const response = await fetch(new URL(path, url), {
    method,
    ...(body === undefined ? {} : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? null : (JSON.parse(text) as unknown) };
}
