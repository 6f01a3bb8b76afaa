/** "localhost:3000" → "http://localhost:3000"; other names get https. What has a scheme is left as it is. */
export function withScheme(text: string): string {
  if (/^[a-z][a-z0-9+.-]*:(?:\/\/|(?!\d))/i.test(text)) return text;
  const isLocal = /^(?:localhost|127\.|\[::1\]|[^./]+(?::\d+)?(?:\/|$))/i.test(text);
  return `${isLocal ? "http" : "https"}://${text}`;
}
