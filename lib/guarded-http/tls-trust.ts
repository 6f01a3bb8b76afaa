/** Whom to trust at one target instead of the machine's authorities. */
export interface TlsTrust {
  /** Certificates (PEM) of the target's own authority: only what they signed is trusted there. */
  ca?: string;
  /** SHA-256 of the certificate the target shows, as `AA:BB:…`: exactly this one is trusted, whoever signed it. */
  fingerprint256?: string;
}

/** `text` as Node writes fingerprints ("AA:BB:…", 32 bytes), from any usual spelling; `null` when it is none. */
export function canonicalFingerprint(text: string): string | null {
  const digits = text
    .trim()
    .replace(/^sha-?256[ :=]/i, "")
    .replaceAll(/[\s:]/g, "");
  if (!/^[0-9a-f]{64}$/i.test(digits)) return null;
  return digits.toUpperCase().match(/../g)?.join(":") ?? null;
}
