import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/** Below the range from which the system takes ports by itself, so that nothing slips in between. */
const range = { first: 10_000, last: 19_990 };
const together = 7;
/** Test files that run at once look in different parts of the range: a free port is taken only a moment later. */
const parts = 8;

/** The first of seven ports of loopback in a row that were free a moment ago. */
export async function freePort(): Promise<number> {
  const part = Number(process.env["VITEST_POOL_ID"] ?? 0) % parts;
  const blocks = Math.floor((range.last - range.first) / (together * parts));
  for (;;) {
    const first = range.first + (part * blocks + randomInt(blocks)) * together;
    const ports = Array.from({ length: together }, (_, offset) => first + offset);
    const areFree = await Promise.all(ports.map(isFree));
    if (areFree.every(Boolean)) return first;
  }
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => {
      resolve(false);
    });
    server.listen(port, "127.0.0.1", () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}
