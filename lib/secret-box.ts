import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from "node:crypto";
import { link, mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

import { z } from "zod";

import { AppError } from "./app-error.ts";
import { systemClock, type Clock } from "./clock.ts";
import { diskError, errorCode, readWhole, replaceFile, syncFolder, systemDisk } from "./durable-file.ts";
import type { Logger } from "./logger.ts";
import { registerSecret } from "./redact.ts";

const keyBytes = 32;
const ivBytes = 12;
const tagBytes = 16;
const maxFileBytes = 4_096;

/** A secret as it is stored: AES-256-GCM, readable only with the key whose fingerprint it names. */
export const sealedSecretSchema = z.strictObject({
  /** Base64 of initialisation vector (12 bytes), ciphertext, tag (16 bytes). */
  sealed: z.base64(),
  /** Fingerprint of the key. */
  key: z.string().regex(/^[0-9a-f]{16}$/),
  last4: z.string().max(4),
  updatedAt: z.iso.datetime(),
});
export type SealedSecret = z.infer<typeof sealedSecretSchema>;

/** A secret that stays in the environment, written as `env:NAME`. */
export const secretReferenceSchema = z.string().regex(/^env:[A-Za-z_][A-Za-z0-9_]*$/);

/** What a data file may hold for a secret; any other text is one written by hand and is sealed by `sealPlain`. */
export const storedSecretSchema = z.union([sealedSecretSchema, z.string()]).nullable();
export type StoredSecret = z.infer<typeof storedSecretSchema>;

/** All that is ever told about a secret. */
export interface SecretDescription {
  isSet: boolean;
  /** `null` for a reference and for secrets under 12 characters, of which four would be too much. */
  last4: string | null;
  updatedAt: string | null;
}

/** Seals and opens secrets with a key that lives outside the data. */
export interface SecretBox {
  /** Seals a secret; makes the key at the first use. An `env:NAME` reference stays as it is. */
  seal(plain: string): Promise<SealedSecret | string>;
  /** The secret itself, from now on redacted everywhere. Throws `unavailable` saying what to do when it cannot be opened. */
  open(stored: SealedSecret | string): Promise<string>;
  /** The stored form of a value that may have been written by hand: what is sealed, a reference or empty is unchanged. */
  sealPlain(stored: StoredSecret): Promise<StoredSecret>;
  describe(stored: StoredSecret): SecretDescription;
  /** Marks texts as written by PortOS, for one purpose; makes the key at the first use. */
  signer(purpose: string): Promise<(text: string) => string>;
  /** Whether the key is the one the data was last sealed with; `null` while nothing was ever sealed. The key is redacted from then on. */
  check(): Promise<{ isRightKey: boolean; expected: string; found: string | null } | null>;
}

export interface SecretBoxOptions {
  /** The key is `<configDir>/key`. */
  configDir: string;
  /** File beside the data that names the key's fingerprint. */
  fingerprintFile: string;
  /** Environment in which `env:NAME` references are looked up. */
  variables: NodeJS.ProcessEnv;
  logger: Logger;
  clock?: Clock;
}

interface Key {
  bytes: Buffer;
  fingerprint: string;
}

/** See `SecretBox`. Nothing is read or written before the first call. */
export function createSecretBox(options: SecretBoxOptions): SecretBox {
  const { clock = systemClock, variables, fingerprintFile, logger } = options;
  const keyFile = join(options.configDir, "key");
  let loaded: Key | null = null;

  async function currentKey(): Promise<Key | null> {
    loaded ??= await readKey(keyFile);
    return loaded;
  }

  async function keyForSealing(): Promise<Key> {
    const key = (await currentKey()) ?? (await makeKey(keyFile));
    loaded = key;
    if ((await readFingerprint(fingerprintFile)) !== key.fingerprint) {
      await mkdir(dirname(fingerprintFile), { recursive: true, mode: 0o700 });
      await replaceFile(systemDisk, fingerprintFile, `${JSON.stringify({ fingerprint: key.fingerprint })}\n`, {
        temporary: ownName(fingerprintFile),
      });
      logger.info("Secrets are sealed with this key from now on", { file: keyFile, fingerprint: key.fingerprint });
    }
    return key;
  }

  async function seal(plain: string): Promise<SealedSecret | string> {
    if (secretReferenceSchema.safeParse(plain).success) return plain;
    registerSecret(plain);
    const key = await keyForSealing();
    return {
      sealed: encrypt(key.bytes, plain),
      key: key.fingerprint,
      last4: plain.length < 12 ? "" : plain.slice(-4),
      updatedAt: new Date(clock.now()).toISOString(),
    };
  }

  return {
    seal,
    async open(stored) {
      const plain =
        typeof stored === "string" ? fromText(stored, variables) : openSealed(stored, await currentKey(), keyFile);
      registerSecret(plain);
      return plain;
    },
    async sealPlain(stored) {
      return typeof stored === "string" && stored !== "" ? seal(stored) : stored;
    },
    describe(stored) {
      if (stored === null || stored === "") return { isSet: false, last4: null, updatedAt: null };
      if (typeof stored === "string") {
        const isReference = secretReferenceSchema.safeParse(stored).success;
        return { isSet: !isReference || variables[stored.slice(4)] !== undefined, last4: null, updatedAt: null };
      }
      return { isSet: true, last4: stored.last4 || null, updatedAt: stored.updatedAt };
    },
    async signer(purpose) {
      const { bytes } = await keyForSealing();
      const key = createHmac("sha256", bytes).update(`portos signature\0${purpose}`).digest();
      return (text) => createHmac("sha256", key).update(text).digest("hex");
    },
    async check() {
      const found = await currentKey().then(
        (key) => key?.fingerprint ?? null,
        () => null, // damaged or unreadable: opening a secret says so
      );
      const expected = await readFingerprint(fingerprintFile);
      return expected === null ? null : { isRightKey: found === expected, expected, found };
    },
  };
}

function fromText(stored: string, variables: NodeJS.ProcessEnv): string {
  if (!secretReferenceSchema.safeParse(stored).success) return stored;
  const name = stored.slice(4);
  const value = variables[name];
  if (value !== undefined && value !== "") return value;
  throw new AppError("unavailable", `The secret is to be taken from the variable ${name}, which is not set.`, {
    hint: `Set ${name} in the environment PortOS is started from, or enter the secret itself.`,
  });
}

function openSealed(stored: SealedSecret, key: Key | null, keyFile: string): string {
  if (key?.fingerprint !== stored.key) {
    const what = key === null ? "is missing" : `is another one (${key.fingerprint})`;
    throw new AppError("unavailable", `The secret was sealed with the key ${stored.key}; the key here ${what}.`, {
      hint: `Put the right key back to ${keyFile}, or enter the secret anew.`,
    });
  }
  try {
    return decrypt(key.bytes, stored.sealed);
  } catch (error) {
    throw new AppError("unavailable", "The stored secret is damaged and cannot be opened.", {
      cause: error,
      hint: "Enter the secret anew.",
    });
  }
}

function encrypt(key: Buffer, plain: string): string {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv("aes-256-gcm", key, iv, { authTagLength: tagBytes });
  const text = Buffer.concat([cipher.update(plain, "utf8"), cipher.final()]);
  return Buffer.concat([iv, text, cipher.getAuthTag()]).toString("base64");
}

function decrypt(key: Buffer, sealed: string): string {
  const bytes = Buffer.from(sealed, "base64");
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, ivBytes), { authTagLength: tagBytes });
  decipher.setAuthTag(bytes.subarray(bytes.length - tagBytes));
  const text = [decipher.update(bytes.subarray(ivBytes, bytes.length - tagBytes)), decipher.final()];
  return Buffer.concat(text).toString("utf8");
}

async function readKey(file: string): Promise<Key | null> {
  const found = await readWhole(systemDisk, file, maxFileBytes).catch((error: unknown) => {
    throw new AppError("unavailable", `The key ${file} cannot be read (${errorCode(error) ?? "unknown"}).`, {
      cause: error,
      hint: "Secrets stay closed until the user PortOS runs as may read it.",
    });
  });
  if (found === null) return null;
  const bytes = Buffer.from(found.bytes.toString("utf8").trim(), "base64");
  if (bytes.length === keyBytes) {
    // A program that reads the file shows it to nobody else.
    for (const form of ["base64", "base64url", "hex"] as const) registerSecret(bytes.toString(form));
    return { bytes, fingerprint: fingerprintOf(bytes) };
  }
  throw new AppError("unavailable", `The key ${file} is damaged.`, {
    hint: "Put the right key back, or remove the file and enter all secrets anew.",
  });
}

/** A name no other writer uses. */
function ownName(file: string): string {
  return `${file}.${process.pid}-${randomBytes(4).toString("hex")}.tmp`;
}

/** Two processes may come here at once: the name is taken by a link, and who comes second reads the first one's key. */
async function makeKey(file: string): Promise<Key> {
  const draft = ownName(file);
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await replaceFile(systemDisk, draft, `${randomBytes(keyBytes).toString("base64")}\n`);
    await link(draft, file);
    await syncFolder(systemDisk, dirname(file));
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw diskError(error, file);
  } finally {
    await rm(draft, { force: true });
  }
  const key = await readKey(file);
  if (key) return key;
  throw new AppError("unavailable", `The key ${file} was removed while it was made.`);
}

async function readFingerprint(file: string): Promise<string | null> {
  const found = await readWhole(systemDisk, file, maxFileBytes);
  return /"fingerprint"\s*:\s*"([0-9a-f]{16})"/.exec(found?.bytes.toString("utf8") ?? "")?.[1] ?? null;
}

function fingerprintOf(key: Buffer): string {
  return createHash("sha256").update("portos key fingerprint\0").update(key).digest("hex").slice(0, 16);
}
