import { afterAll, beforeAll, expect, test } from "vitest";

import { startTestCos, type TestCos } from "./test-cos.ts";

let cos: TestCos;

beforeAll(async () => {
  cos = await startTestCos();
});

afterAll(async () => {
  await cos.stop();
});

const sequence = (last: number, lineEnd: string): string =>
  Array.from({ length: last }, (_, index) => `${index + 1}${lineEnd}`).join("");

test("the output of a command that ends at once is complete, 20 times of 20", async () => {
  const expected = sequence(100_000, "\r\n");
  for (let round = 0; round < 20; round += 1) {
    const { id } = await cos.create({ kind: "command", command: ["seq", "1", "100000"] });
    await cos.ended(id);
    const output = (await cos.output(id)).toString();
    expect(output.length).toBe(expected.length);
    expect(output === expected).toBe(true);
    await cos.client.close({ params: { id } });
  }
});

test("short commands keep their last words, 50 times of 50", async () => {
  for (let batch = 0; batch < 5; batch += 1) {
    const started = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        cos.create({ kind: "command", command: ["printf", `word-${batch}-${index}`] }),
      ),
    );
    for (const [index, { id }] of started.entries()) {
      const session = await cos.ended(id);
      expect((await cos.output(id)).toString()).toBe(`word-${batch}-${index}`);
      expect(session).toMatchObject({ exitCode: 0, reason: "exited", signal: null });
      await cos.client.close({ params: { id } });
    }
  }
});
