import { z } from "zod";

/** One address with its name, taken apart. */
export interface MailAddress {
  name: string;
  address: string;
}

const local = '[^\\s\\p{Cc}<>()\\[\\]\\\\,;:@"]{1,64}';
const domain =
  "(?:[\\p{L}\\p{N}](?:[\\p{L}\\p{N}-]{0,61}[\\p{L}\\p{N}])?)(?:\\.[\\p{L}\\p{N}](?:[\\p{L}\\p{N}-]{0,61}[\\p{L}\\p{N}])?)*";
const bare = new RegExp(`^${local}@${domain}$`, "u");
const named = new RegExp(`^(?:"([^"\\\\\\p{Cc}]*)"|([^"<>\\p{Cc}]*))\\s*<(${local}@${domain})>$`, "u");

/** An address, alone or behind a name: "me@example.com", "Me <me@example.com>". One line, one address. */
export const mailAddress = z
  .string()
  .trim()
  .max(500, "must have at most 500 characters")
  .refine((text) => parseAddress(text) !== null, "must be one address such as Ada <ada@example.com>");

/** Takes an address apart; `null` for anything that is not exactly one. */
export function parseAddress(text: string): MailAddress | null {
  if (bare.test(text)) return { name: "", address: text };
  const match = named.exec(text);
  if (!match) return null;
  return { name: (match[1] ?? match[2] ?? "").trim(), address: match[3] ?? "" };
}
