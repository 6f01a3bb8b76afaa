import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, test } from "vitest";

import { parseEnv } from "./env.ts";
import { createKnownSecrets } from "./known-secrets.ts";
import { silentLogger } from "./logger.ts";
import { redact } from "./redact.ts";
import { sealElsewhere } from "./testing/sealed-secret.ts";
import { useTemporaryFolders } from "./testing/temporary-folder.ts";

const newFolder = useTemporaryFolders();

async function setUp() {
  const folder = await newFolder();
  const env = parseEnv(
    {
      PORTOS_DATA_DIR: join(folder, "data"),
      PORTOS_STATE_DIR: join(folder, "state"),
      PORTOS_CONFIG_DIR: join(folder, "config"),
    },
    folder,
  );
  await mkdir(env.dataDir);
  const save = (text: string): Promise<void> => writeFile(join(env.dataDir, "apps.json"), text);
  return { env, save, known: createKnownSecrets({ env, logger: silentLogger }) };
}

test("secrets sealed by another process are redacted, also those that come later", async () => {
  const { env, save, known } = await setUp();
  await known.refresh();
  const first = await sealElsewhere(env.configDir, "first hidden words");
  await save(JSON.stringify({ data: { apps: [{ environment: [{ value: first, isSecret: true }] }] } }));
  await known.refresh();
  expect(redact("it prints first hidden words")).toBe("it prints [redacted]");
  const key = (await readFile(join(env.configDir, "key"), "utf8")).trim();
  const hex = Buffer.from(key, "base64").toString("hex");
  expect(redact(`exit 0: ${key}\n${hex}`)).toBe("exit 0: [redacted]\n[redacted]");

  const byHand = { value: "second hidden words", isSecret: true };
  const open = { value: "for all to see", isSecret: false };
  await save(JSON.stringify({ data: { apps: [{ environment: [byHand, open] }] } }));
  await known.refresh();
  expect(redact("second hidden words, for all to see")).toBe("[redacted], for all to see");
});

test("what cannot be read or opened is left out and tried again when it changed", async () => {
  const { env, save, known } = await setUp();
  const good = await sealElsewhere(env.configDir, "third hidden words");
  await save("{ cut off");
  await known.refresh();
  await save(JSON.stringify([{ ...good, key: "0".repeat(16) }, { ...good, sealed: "AAAA" }, good]));
  await known.refresh();
  expect(redact("third hidden words")).toBe("[redacted]");
});
