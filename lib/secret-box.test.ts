import { chmod, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { silentLogger } from "./logger.ts";
import { redact } from "./redact.ts";
import { createSecretBox, sealedSecretSchema, type SealedSecret, type SecretBox } from "./secret-box.ts";
import { useTemporaryFolders } from "./testing/temporary-folder.ts";

const newFolder = useTemporaryFolders();
const secret = "correct-horse-battery-staple";

function openBox(folder: string, variables: NodeJS.ProcessEnv = {}): SecretBox {
  return createSecretBox({
    configDir: join(folder, "config"),
    fingerprintFile: join(folder, "data/secrets-key.json"),
    variables,
    logger: silentLogger,
    clock: { now: () => Date.UTC(2026, 10, 20), monotonic: () => 0 },
  });
}

async function sealed(box: SecretBox, plain = secret): Promise<SealedSecret> {
  return sealedSecretSchema.parse(await box.seal(plain));
}

describe("a secret box", () => {
  test("makes its key at the first use, readable by the user alone, and keeps it", async () => {
    const folder = await newFolder();
    const box = openBox(folder);
    expect(await box.check()).toBeNull();
    await expect(stat(join(folder, "config"))).rejects.toMatchObject({ code: "ENOENT" });
    const stored = await sealed(box);
    expect((await stat(join(folder, "config/key"))).mode & 0o777).toBe(0o600);
    expect(await openBox(folder).open(stored)).toBe(secret);
    expect(await openBox(folder).check()).toEqual({ isRightKey: true, expected: stored.key, found: stored.key });
  });

  test("stores nothing from which the secret or the key can be read", async () => {
    const folder = await newFolder();
    const box = openBox(folder);
    const stored = JSON.stringify([await sealed(box), await sealed(box)]);
    const fingerprint = await readFile(join(folder, "data/secrets-key.json"), "utf8");
    const key = (await readFile(join(folder, "config/key"), "utf8")).trim();
    for (const text of [stored, fingerprint]) {
      expect(text).not.toContain(key);
      expect(text).not.toContain(secret.slice(0, -4));
    }
    const [one, other] = JSON.parse(stored) as SealedSecret[];
    expect(one?.sealed).not.toBe(other?.sealed);
  });

  test("gives back any text", async () => {
    const box = openBox(await newFolder());
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "grapheme" }), async (plain) => {
        expect(await box.open(await box.seal(plain))).toBe(plain);
      }),
      { numRuns: 30 },
    );
  });

  test("with a changed byte anywhere is damaged, not another secret", async () => {
    const box = openBox(await newFolder());
    const stored = await sealed(box);
    const bytes = Buffer.from(stored.sealed, "base64");
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await expect(box.open({ ...stored, sealed: changed.toString("base64") })).rejects.toMatchObject({
        code: "unavailable",
        message: expect.stringContaining("damaged") as string,
      });
    }
    await expect(box.open({ ...stored, sealed: "" })).rejects.toMatchObject({ code: "unavailable" });
  });

  test("with another or no key says so and what to do, while new secrets can be sealed", async () => {
    const folder = await newFolder();
    const stored = await sealed(openBox(folder));
    await rm(join(folder, "config/key"));
    const box = openBox(folder);
    await expect(box.open(stored)).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("is missing") as string,
      hint: expect.stringContaining(join(folder, "config/key")) as string,
    });
    expect(await box.check()).toEqual({ isRightKey: false, expected: stored.key, found: null });
    const fresh = await sealed(box, "another-secret-value");
    expect(await box.open(fresh)).toBe("another-secret-value");
    await expect(box.open(stored)).rejects.toMatchObject({ message: expect.stringContaining("another one") as string });
  });

  test("with a damaged or unreadable key degrades with a message", async () => {
    const folder = await newFolder();
    const stored = await sealed(openBox(folder));
    await writeFile(join(folder, "config/key"), "short");
    await expect(openBox(folder).open(stored)).rejects.toMatchObject({ code: "unavailable" });
    expect(await openBox(folder).check()).toEqual({ isRightKey: false, expected: stored.key, found: null });
    await expect(openBox(folder).seal("x".repeat(20))).rejects.toMatchObject({ code: "unavailable" });
    await chmod(join(folder, "config/key"), 0o600);
  });

  test("two that start at once share one key", async () => {
    const folder = await newFolder();
    const boxes = Array.from({ length: 8 }, () => openBox(folder));
    const keys = await Promise.all(boxes.map(async (box) => (await sealed(box)).key));
    expect(new Set(keys).size).toBe(1);
  });

  test("takes references from the environment and names what is missing", async () => {
    const box = openBox(await newFolder(), { MAIL_PASSWORD: "from-the-environment" });
    expect(await box.seal("env:MAIL_PASSWORD")).toBe("env:MAIL_PASSWORD");
    expect(await box.open("env:MAIL_PASSWORD")).toBe("from-the-environment");
    await expect(box.open("env:OTHER")).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("OTHER") as string,
    });
  });

  test("seals what was written by hand and leaves the rest", async () => {
    const box = openBox(await newFolder());
    const stored = await sealed(box);
    expect(await box.sealPlain(stored)).toBe(stored);
    expect(await box.sealPlain("env:NAME")).toBe("env:NAME");
    expect(await box.sealPlain(null)).toBeNull();
    expect(await box.sealPlain("")).toBe("");
    const byHand = sealedSecretSchema.parse(await box.sealPlain("written-by-hand-42"));
    expect(await box.open(byHand)).toBe("written-by-hand-42");
  });

  test("describes without telling", async () => {
    const box = openBox(await newFolder(), { SET: "1" });
    const updatedAt = "2026-11-20T00:00:00.000Z";
    expect(box.describe(await sealed(box))).toEqual({ isSet: true, last4: "aple", updatedAt });
    expect(box.describe(await sealed(box, "short-one"))).toEqual({ isSet: true, last4: null, updatedAt });
    expect(box.describe("env:SET")).toEqual({ isSet: true, last4: null, updatedAt: null });
    expect(box.describe("env:UNSET")).toEqual({ isSet: false, last4: null, updatedAt: null });
    expect(box.describe(null)).toEqual({ isSet: false, last4: null, updatedAt: null });
  });

  test("an opened secret is redacted from then on", async () => {
    const folder = await newFolder();
    const stored = await sealed(openBox(folder), "plain words nobody would guess");
    await openBox(folder).open(stored);
    expect(redact("he said plain words nobody would guess!")).toBe("he said [redacted]!");
  });
});
