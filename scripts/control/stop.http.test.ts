import { createServer } from "node:http";
import { join } from "node:path";

import { afterEach, expect, it } from "vitest";

import { parseEnv } from "../../lib/env.ts";
import { useTemporaryFolders } from "../../lib/testing/temporary-folder.ts";
import { withStartLock } from "./run-record.ts";
import { stop } from "./stop.ts";

const newFolder = useTemporaryFolders();
const asked: string[] = [];
const cos = createServer((request, response) => {
  asked.push(request.url ?? "");
  response.end();
});
afterEach(() => {
  cos.close();
});

it("interrupts nobody while a start is at work", async () => {
  const folder = await newFolder();
  await new Promise<void>((resolve) => cos.listen(0, "127.0.0.1", resolve));
  const { port } = cos.address() as { port: number };
  const env = parseEnv(
    {
      PORTOS_DATA_DIR: join(folder, "data"),
      PORTOS_STATE_DIR: join(folder, "state"),
      PORTOS_CONFIG_DIR: join(folder, "config"),
    },
    process.cwd(),
  );
  const stopped = withStartLock(env.stateDir, () =>
    stop({ ...env, ports: { ...env.ports, cos: port } }, { isAll: true }),
  );
  await expect(stopped).rejects.toMatchObject({ code: "conflict" });
  expect(asked).toEqual([]);
});
