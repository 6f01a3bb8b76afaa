import { isIP } from "node:net";

import { z } from "zod";

import { addressKind } from "../../../lib/guarded-http/network-address.ts";

/** A key or certificates in PEM form. */
export const pemField = z
  .string()
  .max(20_000, "must have at most 20000 characters")
  .regex(/^-----BEGIN [A-Z ]+-----[\s\S]+-----END [A-Z ]+-----\s*$/, "must be in PEM form");

/** Certificates of an authority of the user's own. */
export const certificateField = pemField.meta({
  title: "Certificate",
  description: "Of the server's own authority, in PEM form; only what it signed is trusted then.",
});

/** The question whether a name that looks public leads into the user's own network. */
export const insideField = z
  .boolean()
  .default(false)
  .meta({ title: "Inside", description: "It lies in this network, although its name looks public." });

/** Whether what is sent to this host unencrypted stays within this machine and the user's own network, as far as its name tells. */
export function isNearHost(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, "").toLowerCase();
  if (isIP(bare) !== 0) return ["loopback", "private", "tailnet"].includes(addressKind(bare));
  return bare === "localhost" || bare.endsWith(".localhost");
}

/** One of a few values, each with the words a form shows for it. */
export function titledChoice<const Options extends readonly (readonly [value: string, title: string])[]>(
  options: Options,
) {
  type Value = Options[number][0];
  const values = options.map(([value, title]) => z.literal<Value>(value).meta({ title }));
  return z.union(values, { error: `must be ${options.map(([value]) => JSON.stringify(value)).join(" or ")}` });
}
