/** A URL, or `null` for a text that is none: read once, where `canParse` would read it twice. */
export function parseUrl(text: string | URL, base?: string | URL): URL | null {
  try {
    return new URL(text, base);
  } catch {
    return null;
  }
}
