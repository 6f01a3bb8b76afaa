/** A name for a file, made from words: "Review a diff" is `review-a-diff`. */
export function slugOf(words: string): string {
  const slug = words
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/\p{Mark}/gu, "")
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, 55)
    .replaceAll(/^-+|-+$/g, "");
  return slug === "" ? "prompt" : slug;
}
