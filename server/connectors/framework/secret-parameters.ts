const secretName =
  /(?:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|authorization|cookie|credentials?)$/i;
const shortName = /^(?:key|sig|signature|code|auth)$/i;
/** A shorter one may be any word, and would be taken out wherever that word stands. */
const leastLength = 8;

/** Whether a field of this name holds a secret. */
export function isSecretName(name: string): boolean {
  return secretName.test(name);
}

/** Whether a parameter of an address is named like one that lets somebody in. */
export function isSecretParameter(name: string): boolean {
  return isSecretName(name) || shortName.test(name);
}

/** Whether a parameter of an address is to be kept as a secret. */
export function holdsSecret(name: string, value: string): boolean {
  return value.length >= leastLength && isSecretParameter(name);
}
