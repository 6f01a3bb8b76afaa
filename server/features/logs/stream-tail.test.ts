import { appendFileSync, renameSync, writeFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test } from "vitest";

import { createGzSpool } from "./gz-spool.ts";
import { createStreamTail } from "./stream-tail.ts";

test("what was written into the old file just before the new one appeared is read before it", async () => {
  const directory = await mkdtemp(join(tmpdir(), "portos-tail-"));
  const path = join(directory, "web.log");
  await writeFile(path, "first\n");
  let now = 0;
  let meanwhile: (() => void) | null = null;
  const tail = createStreamTail({
    stream: { id: "a", sourceId: "portos/web", output: "both", path },
    spool: createGzSpool({ directory: join(directory, "spool") }),
    redact: (text) => text,
    clock: {
      now: () => Date.now(),
      monotonic: () => {
        // The tail asks for the time between reading the file and looking for the next one.
        meanwhile?.();
        meanwhile = null;
        return now;
      },
    },
  });
  const seen: string[] = [];
  const look = async (): Promise<void> => {
    let hasMore = true;
    while (hasMore) {
      const read = await tail.read();
      seen.push(...read.lines.map(({ text }) => text));
      ({ hasMore } = read);
    }
  };
  try {
    await look();
    renameSync(path, `${path}.1`);
    await look();
    now += 5_000;
    await look();
    meanwhile = () => {
      appendFileSync(`${path}.1`, "last of the old\n");
      writeFileSync(path, "first of the new\n");
    };
    await look();
    for (let round = 0; round < 4; round += 1) {
      now += 200;
      await look();
    }
    expect(seen).toEqual(["first", "last of the old", "first of the new"]);
  } finally {
    await tail.close();
    await rm(directory, { recursive: true, force: true });
  }
});
