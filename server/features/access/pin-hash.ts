import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";

/** 32 MiB for one PIN: slow for who tries all of them, given back when it is done. */
const cost = { exponent: 15, blockSize: 8, parallelization: 1 };
const keyBytes = 32;
const pattern = /^([\w-]{22})\.([\w-]{43})\.scrypt-(\d{2})-(\d{1,2})-(\d{1,2})$/;

/** Hash of a PIN with a salt of its own, as text. */
export async function hashPin(pin: string): Promise<string> {
  const salt = randomBytes(16);
  const { exponent, blockSize, parallelization } = cost;
  const hash = await derive(pin, salt, cost);
  return `${salt.toString("base64url")}.${hash.toString("base64url")}.scrypt-${exponent}-${blockSize}-${parallelization}`;
}

/** Whether a PIN belongs to a hash; takes as long for a wrong one. A text that is no hash belongs to none. */
export async function isPinOf(pin: string, text: string): Promise<boolean> {
  const [, salt = "", hash = "", exponent, blockSize, parallelization] = pattern.exec(text) ?? [];
  const found = await derive(pin, Buffer.from(salt, "base64url"), {
    exponent: Math.min(Number(exponent ?? cost.exponent), 17),
    blockSize: Number(blockSize ?? cost.blockSize),
    parallelization: Number(parallelization ?? cost.parallelization),
  });
  const expected = Buffer.from(hash, "base64url");
  return expected.length === found.length && timingSafeEqual(expected, found);
}

function derive(pin: string, salt: Buffer, { exponent, blockSize, parallelization }: typeof cost): Promise<Buffer> {
  const options = { N: 2 ** exponent, r: blockSize, p: parallelization, maxmem: 256 * 1024 * 1024 };
  return new Promise((resolve, reject) => {
    scrypt(pin, salt, keyBytes, options, (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });
}
