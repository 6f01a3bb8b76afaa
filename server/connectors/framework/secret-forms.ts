const shortest = 4;
/** Fewer characters of base64 are likely to stand in harmless text. */
const shortestInside = 8;

/**
 * The spellings in which a secret can turn up in a reply: raw, percent-encoded in either case and as a form sends it, inside a
 * JSON text, inside HTML, in base64 and base64url, also where more stands before and behind it (as in Basic credentials), and
 * in hexadecimal. None for what is too short to be told from other text.
 */
export function secretForms(secret: string): string[] {
  if (secret.length < shortest) return [];
  const encoded = encodeURIComponent(secret.replace(/\p{Surrogate}/gu, "\ufffd"));
  const quoted = JSON.stringify(secret).slice(1, -1);
  const bytes = Buffer.from(secret);
  return [
    ...new Set([
      secret,
      encoded,
      encoded.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
      encoded.replaceAll("%20", "+"),
      new URLSearchParams([["", secret]]).toString().slice(1),
      quoted,
      quoted.replaceAll("/", "\\/"),
      inHtml(secret),
      ...base64Forms(bytes),
      ...(bytes.length >= shortestInside ? [bytes.toString("hex"), bytes.toString("hex").toUpperCase()] : []),
    ]),
  ];
}

function inHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** Whole, and what of it does not depend on its neighbours at each of the three places a group of base64 can begin. */
function base64Forms(bytes: Buffer): string[] {
  const inside = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString("base64")
      .replace(/=+$/, "");
    const last = Math.floor(((before + bytes.length) * 8) / 6);
    return text.slice(Math.ceil((before * 8) / 6), last);
  });
  const all = [bytes.toString("base64"), ...inside.filter((form) => form.length >= shortestInside)];
  return all.flatMap((form) => [form, form.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")]);
}
