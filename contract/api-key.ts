/** What stands for hidden characters where a key is shown only in part. */
const mask = /[•●∙·*]{3,}|…|\.{3}/u;
/** What a key that was shown in part may still show. */
const mostShown = 12;

/** What a masked key shows of its end ("••••6789": "6789"), or `null` when the text is no masked key. */
export function maskedKeyEnd(text: string): string | null {
  const plain = text.trim();
  const parts = plain.split(mask);
  if (parts.length < 2 || parts.join("").length > mostShown) return null;
  return parts.at(-1)?.replace(/^[•●∙·*.…]+/u, "") ?? "";
}

/** Which rule a key breaks that is to be sent in a header, or `null`. Spaces around it do not count. */
export function apiKeyProblem(key: string): string | null {
  if (/^[\u0021-\u007e]*$/.test(key.trim())) return null;
  return "must be only letters, digits and signs of ASCII, without spaces or line breaks: else it cannot stand in a header";
}
