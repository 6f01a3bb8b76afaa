/** Times as mails, XML and people write them, in UTC; `null` for what is none. */
export function isoTime(text: string | null | undefined): string | null {
  if (text === undefined || text === null) return null;
  const zoned = text.trim().replace(/\bUT$/, "GMT");
  const ms = Date.parse(/^\d{4}-\d\d-\d\d[T ][\d:.]+$/.test(zoned) ? `${zoned.replace(" ", "T")}Z` : zoned);
  const year = Number.isNaN(ms) ? 0 : new Date(ms).getUTCFullYear();
  return year >= 1970 && year <= 9999 ? new Date(ms).toISOString() : null;
}
