import { createCipheriv, createHash, randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** A secret sealed by an earlier process: this one has neither sealed nor opened it. Makes the key in `configDir`. */
export async function sealElsewhere(configDir: string, plain: string): Promise<Record<string, string>> {
  const key = randomBytes(32);
  await mkdir(configDir, { recursive: true });
  await writeFile(join(configDir, "key"), `${key.toString("base64")}\n`, { mode: 0o600 });
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, iv);
  const text = Buffer.concat([cipher.update(plain, "utf8"), cipher.final()]);
  return {
    sealed: Buffer.concat([iv, text, cipher.getAuthTag()]).toString("base64"),
    key: createHash("sha256").update("portos key fingerprint\0").update(key).digest("hex").slice(0, 16),
    last4: plain.slice(-4),
    updatedAt: "2026-11-20T00:00:00.000Z",
  };
}
