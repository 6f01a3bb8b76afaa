import { randomFillSync } from "node:crypto";

const bytesEach = 8;
const drawnAtOnce = 256;

/** Random numbers of 64 bits that nobody can foresee, drawn many at a time: asking the system for each would take longer than most uses. */
export function createRandomNumbers(): { next(): bigint } {
  const pool = Buffer.alloc(bytesEach * drawnAtOnce);
  let at = pool.length;
  return {
    next() {
      if (at === pool.length) {
        randomFillSync(pool);
        at = 0;
      }
      const number = pool.readBigUInt64BE(at);
      pool.fill(0, at, at + bytesEach);
      at += bytesEach;
      return number;
    },
  };
}
