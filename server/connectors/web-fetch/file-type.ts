/** What a file begins with, by its type; `at` is where, in bytes. */
const signatures: readonly { type: string; bytes: readonly number[]; at?: number }[] = [
  { type: "application/pdf", bytes: ascii("%PDF-") },
  { type: "image/png", bytes: [0x89, ...ascii("PNG\r\n"), 0x1a, 0x0a] },
  { type: "image/jpeg", bytes: [0xff, 0xd8, 0xff] },
  { type: "image/gif", bytes: ascii("GIF8") },
  { type: "image/webp", bytes: ascii("WEBP"), at: 8 },
  { type: "image/avif", bytes: ascii("ftypavif"), at: 4 },
  { type: "image/bmp", bytes: ascii("BM") },
  { type: "image/tiff", bytes: [0x49, 0x49, 0x2a, 0] },
  { type: "image/tiff", bytes: [0x4d, 0x4d, 0, 0x2a] },
  { type: "application/zip", bytes: [0x50, 0x4b, 3, 4] },
  { type: "application/gzip", bytes: [0x1f, 0x8b] },
  { type: "application/x-7z-compressed", bytes: [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c] },
  { type: "application/x-xz", bytes: [0xfd, ...ascii("7zXZ"), 0] },
  { type: "application/zstd", bytes: [0x28, 0xb5, 0x2f, 0xfd] },
  { type: "application/wasm", bytes: [0, ...ascii("asm")] },
  { type: "application/x-elf", bytes: [0x7f, ...ascii("ELF")] },
  { type: "audio/mpeg", bytes: ascii("ID3") },
  { type: "audio/ogg", bytes: ascii("OggS") },
  { type: "audio/wav", bytes: ascii("WAVE"), at: 8 },
  { type: "video/webm", bytes: [0x1a, 0x45, 0xdf, 0xa3] },
  { type: "video/mp4", bytes: ascii("ftyp"), at: 4 },
];

/** The type of a file by its first bytes; `null` when they say nothing, as those of texts. */
export function typeOfBytes(bytes: Uint8Array): string | null {
  const isOne = ({ bytes: wanted, at = 0 }: (typeof signatures)[number]): boolean =>
    wanted.every((byte, index) => bytes[at + index] === byte);
  const known = signatures.find(isOne);
  if (known) return known.type;
  const start = Buffer.from(bytes.subarray(0, 512)).toString("latin1").trimStart().toLowerCase();
  if (/^<!doctype html|^<html/.test(start)) return "text/html";
  if (/^(?:<\?xml[^>]*>\s*)?(?:<!--[^>]*-->\s*)?<svg\b/.test(start)) return "image/svg+xml";
  return null;
}

function ascii(text: string): number[] {
  return [...Buffer.from(text, "latin1")];
}
