/** How the value of a header names the kind of what follows. */
const schemes =
  /^\s*(?:bearer|basic|token|api-?key|key|bot|jwt|oauth|digest|negotiate|ghost|splunk|dpop|sharedaccesssignature)[\s:]+(?:token=|key=)?"?([^\s"]+)"?\s*$/i;
const shortest = 4;

/**
 * What of a value that is entered as a secret is one by itself: the value, without the word before it that says what it is
 * ("Bearer x": x is known to whoever is told it), and of "Basic x" what is packed in there, and the password of it.
 */
export function secretParts(value: string): string[] {
  const behind = schemes.exec(value)?.[1];
  if (behind === undefined || behind.length < shortest) return [value];
  const packed = /^\s*basic\b/i.test(value) ? Buffer.from(behind, "base64").toString() : "";
  const colon = packed.indexOf(":");
  if (colon < 0 || packed.includes("\ufffd")) return [value, behind];
  return [value, behind, packed, packed.slice(colon + 1)].filter((part) => part.length >= shortest);
}
