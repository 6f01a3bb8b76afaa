import * as fc from "fast-check";

/** Ways to write a name that mean the same machine: case, punycode, full-width letters and dots, percent, trailing dot. */
export function nameSpellings(name: string): fc.Arbitrary<string> {
  const ascii = new URL(`http://${name}/`).hostname;
  const letters = fc.constantFrom(
    (letter: string) => letter,
    (letter: string) => (letter.toUpperCase().toLowerCase() === letter ? letter.toUpperCase() : letter), // not "ß"
    (letter: string) => (/^[a-z0-9]$/.test(letter) ? String.fromCodePoint(letter.charCodeAt(0) + 0xfee0) : letter),
    (letter: string) => encodeURIComponent(letter),
    (letter: string) => (/^[a-z0-9]$/.test(letter) ? `%${letter.charCodeAt(0).toString(16)}` : letter),
  );
  const dots = fc.constantFrom(".", "。", "．", "｡", "%2e", "%E3%80%82");
  const start = fc.constantFrom(...new Set([name, ascii]));
  return start.chain((text) =>
    fc
      .tuple(
        ...Array.from(text, (letter) => (letter === "." ? dots : letters.map((write) => write(letter)))),
        fc.constantFrom("", "."),
      )
      .map((parts) => parts.join("")),
  );
}

/** Ways to write an IPv4 address that the URL parser takes: decimal, octal, hexadecimal, shortened, trailing dot. */
export function ipv4Spellings(address: string): fc.Arbitrary<string> {
  const bytes = address.split(".").map(Number);
  const joined = (from: number): number => bytes.slice(from).reduce((sum, byte) => sum * 256 + byte, 0);
  return fc.integer({ min: 1, max: 4 }).chain((parts) => {
    const head = bytes.slice(0, parts - 1);
    return fc
      .tuple(fc.tuple(...[...head, joined(parts - 1)].map(numberSpellings)), fc.constantFrom("", "."))
      .map(([numbers, dot]) => numbers.join(".") + dot);
  });
}

/** IPv6 addresses that carry an IPv4 address: mapped, compatible, translated, NAT64, 6to4, Teredo, ISATAP. */
export function embeddedForms(address: string): string[] {
  const bytes = address.split(".").map(Number);
  const hex = (from: number, mask = 0): string =>
    bytes
      .slice(from, from + 2)
      .map((byte) => (byte ^ mask).toString(16).padStart(2, "0"))
      .join("");
  const both = `${hex(0)}:${hex(2)}`;
  return [
    `::ffff:${address}`,
    `::ffff:${both}`,
    `0:0:0:0:0:FFFF:${both}`,
    `::${address}`,
    `::ffff:0:${address}`,
    `64:ff9b::${address}`,
    `64:ff9b:1::${both}`,
    `2002:${both}::1`,
    `2001:0:${both}::1`,
    `2001:0:4136:e378:8000:63bf:${hex(0, 0xff)}:${hex(2, 0xff)}`,
    `2606:4700::5efe:${both}`,
    `2606:4700::200:5efe:${both}`,
  ];
}

function numberSpellings(value: number): fc.Arbitrary<string> {
  const hex = value.toString(16);
  return fc.constantFrom(String(value), `0x${hex}`, `0X${hex.toUpperCase()}`, `0${value.toString(8)}`);
}
