import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { chmod, link, mkdir, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

import { AppError } from "./app-error.ts";

/** Seals short texts for files in `data/`; the key lives elsewhere. */
export interface SecretBox {
  /** First eight hex digits of the key's SHA-256, part of every sealed text. */
  readonly fingerprint: string;
  /** AES-256-GCM with a fresh nonce: "sealed:1:<fingerprint>:<nonce, tag, cipher text in base64url>". */
  seal(text: string): string;
  /** The text again. Throws `unavailable` when another key sealed it, `conflict` when it was altered. */
  unseal(sealed: string): string;
}

const prefix = "sealed:1:";
const nonceBytes = 12;
const tagBytes = 16;

/** Whether a stored value is a sealed one. */
export function isSealed(value: string): boolean {
  return value.startsWith(prefix);
}

/** Opens the key in `<directory>/key`, making it with mode 0600 when there is none. Throws `unavailable` when it is no key. */
export async function openSecretBox(directory: string): Promise<SecretBox> {
  const key = await readKey(join(directory, "key"), directory);
  const fingerprint = createHash("sha256").update(key).digest("hex").slice(0, 8);
  return {
    fingerprint,
    seal(text) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv("aes-256-gcm", key, nonce);
      const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
      return `${prefix}${fingerprint}:${Buffer.concat([nonce, cipher.getAuthTag(), body]).toString("base64url")}`;
    },
    unseal(sealed) {
      const [by, payload] = sealed.slice(prefix.length).split(":");
      if (!isSealed(sealed) || payload === undefined) throw new AppError("conflict", "This value is not sealed");
      if (by !== fingerprint) {
        throw new AppError("unavailable", "This secret was sealed with another key", {
          hint: "Put the old key file back, or enter the secret again.",
        });
      }
      const bytes = Buffer.from(payload, "base64url");
      try {
        const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, nonceBytes));
        decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
        return decipher.update(bytes.subarray(nonceBytes + tagBytes), undefined, "utf8") + decipher.final("utf8");
      } catch (cause) {
        throw new AppError("conflict", "A sealed secret was altered and cannot be read", {
          hint: "Enter the secret again.",
          cause,
        });
      }
    },
  };
}

async function readKey(file: string, directory: string): Promise<Buffer> {
  const found = await readIfThere(file);
  if (found) return checkKey(found, file);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const fresh = `${file}.${process.pid}.${randomBytes(6).toString("hex")}`;
  const handle = await open(fresh, "wx", 0o600);
  try {
    await handle.writeFile(randomBytes(32));
    await handle.sync();
  } finally {
    await handle.close();
  }
  try {
    await link(fresh, file); // fails when another process was first: then its key counts
  } catch (error) {
    if (!isCode(error, "EEXIST")) throw error;
  } finally {
    await rm(fresh, { force: true });
  }
  await chmod(file, 0o600);
  return checkKey(await readFile(file), file);
}

async function readIfThere(file: string): Promise<Buffer | null> {
  try {
    return await readFile(file);
  } catch (error) {
    if (isCode(error, "ENOENT")) return null;
    throw error;
  }
}

function checkKey(bytes: Buffer, file: string): Buffer {
  if (bytes.length === 32) return bytes;
  throw new AppError("unavailable", "The key that seals secrets is damaged", {
    hint: `Restore ${file} from a backup, or move it away and enter your secrets again.`,
  });
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
