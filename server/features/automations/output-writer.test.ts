import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, it } from "vitest";

import { registerSecret } from "../../../lib/redact.ts";
import { useTemporaryFolders } from "../../../lib/testing/temporary-folder.ts";
import { createOutputWriter, headBytes, markOf, tailBytes } from "./output-writer.ts";

const folderOf = useTemporaryFolders();
const secret = "a-secret-of-some-length-0123456789";
registerSecret(secret);

async function textOf(path: string): Promise<string> {
  return readFile(path, "utf8");
}

it("goes on at the right byte of the source when the server ends anywhere in the output", async () => {
  const source = Buffer.from(`one\n${secret}\ntwo ${secret} three\nlast ${secret}`);
  const folder = await folderOf();
  for (let end = 1; end < source.length; end += 1) {
    const path = join(folder, `${end}.log`);
    const first = await createOutputWriter(path);
    await first.append(0, source.subarray(0, Math.ceil(end / 2)));
    await first.append(Math.ceil(end / 2), source.subarray(Math.ceil(end / 2), end));
    await first.release();
    expect(await textOf(path)).not.toContain("secret-of");
    const second = await createOutputWriter(path);
    await second.append(second.position(), source.subarray(second.position()));
    await second.close();
    expect(await textOf(path)).toBe("one\n[redacted]\ntwo [redacted] three\nlast [redacted]");
    await expect(textOf(markOf(path))).rejects.toThrow("ENOENT");
  }
});

it("keeps the beginning and the end of a long output, both without secrets", async () => {
  const path = join(await folderOf(), "long.log");
  const line = `${secret} ${"x".repeat(1_000)}\n`;
  const source = Buffer.from(line.repeat(Math.ceil((headBytes + 3 * tailBytes) / line.length)));
  const writer = await createOutputWriter(path);
  const step = 262_147;
  for (let from = 0; from < source.length; from += step) await writer.append(from, source.subarray(from, from + step));
  await writer.close();
  const kept = await textOf(path);
  expect(kept).not.toContain("secret-of");
  expect(kept).toContain("[The output goes on;");
  expect(kept.length).toBeGreaterThan(headBytes);
  expect(kept.length).toBeLessThan(headBytes + tailBytes + 10_000);
});

it("notes what is missing of the source", async () => {
  const path = join(await folderOf(), "gap.log");
  const writer = await createOutputWriter(path);
  await writer.append(0, Buffer.from("begun"));
  await writer.append(105, Buffer.from("later\n"));
  expect(writer.position()).toBe(111);
  await writer.release();
  const again = await createOutputWriter(path);
  expect(again.position()).toBe(111);
  await again.close();
  expect(await textOf(path)).toBe("begun\n[100 bytes were not kept]\nlater\n");
});
