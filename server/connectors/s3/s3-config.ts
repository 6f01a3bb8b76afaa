import { z } from "zod";

import type { GuardTarget } from "../../../lib/guarded-http/public-guard.ts";
import { certificateField, insideField, isNearHost, titledChoice } from "../framework/config-fields.ts";
import { GatewayError } from "../framework/gateway-error.ts";

const key = (longest: number) =>
  z
    .string()
    .regex(/^[\x21-\x7e]+$/, "must be one word of plain characters")
    .max(longest, `must have at most ${longest} characters`);
/** As stores take them; old ones may have capitals and underscores. */
export const bucketName = z
  .string()
  .regex(
    /^(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]$/,
    "must be a bucket's name: 3 to 63 letters, digits, dots and hyphens",
  );

const fields = z.strictObject({
  endpoint: z
    .url({ protocol: /^https?$/, error: "must be an address such as https://s3.example.com" })
    .max(500, "must have at most 500 characters")
    .refine((text) => URL.canParse(text) && !/[?#]|\/\/[^/]*@/.test(text), "must have no user, query or fragment")
    .optional()
    .meta({
      title: "Address of the store",
      description: "Such as https://nas.local:9000 or https://s3.eu-central-003.backblazeb2.com; empty for Amazon S3.",
    }),
  region: z
    .string()
    .regex(/^[a-z0-9-]{2,40}$/, "must be a region such as eu-central-1")
    .default("us-east-1")
    .meta({ title: "Region", description: "Stores without regions mostly take us-east-1, Cloudflare R2 takes auto." }),
  buckets: z
    .array(bucketName)
    .min(1, "must name at least one")
    .max(50, "must name at most 50")
    .meta({ title: "Buckets", description: "Only these are called; the first one where a call names none." }),
  style: titledChoice([
    ["path", "In the path: https://store/bucket/key"],
    ["virtual-host", "In the host: https://bucket.store/key"],
  ])
    .default("path")
    .meta({ title: "Where the bucket stands", description: "Every store knows the path; a few want the host." }),
  accessKeyId: key(200).meta({ title: "Access key", description: "The id of the key; it is no secret." }),
  secretAccessKey: key(500).meta({ title: "Secret key" }),
  sessionToken: key(5_000).optional().meta({ title: "Session token", description: "Only with temporary credentials." }),
  certificate: certificateField.optional(),
  isInside: insideField,
});
export type S3Config = z.output<typeof fields>;

/** What a store is reached with. */
export const s3Config = fields.check((context) => {
  const { endpoint, isInside, style, buckets } = context.value;
  const say = (path: string, message: string): void => {
    context.issues.push({ code: "custom", message, path: [path], input: context.value });
  };
  const url = endpoint !== undefined && URL.canParse(endpoint) ? new URL(endpoint) : null;
  if (url?.protocol === "http:" && !isInside && !isNearHost(url.hostname))
    say("endpoint", "must begin with https, unless the store lies inside");
  if (style === "virtual-host" && !buckets.every((name) => /^[a-z0-9-]+$/.test(name)))
    say("style", "must be path for buckets whose names cannot be part of a host: dots, capitals, underscores");
  if (style === "virtual-host" && url !== null && /^\[|^[\d.]+$/.test(url.hostname))
    say("style", "must be path for a store that has an address instead of a name");
});

/** What its secrets are for, whatever the buckets are. */
export function secretPlacesIn({ endpoint, region }: Partial<S3Config>): Record<string, string[]> {
  if (region === undefined) return {};
  const place = [endpointOf({ endpoint, region })];
  return { secretAccessKey: place, sessionToken: place };
}

/** The store itself, without a stroke at the end. */
function endpointOf({ endpoint, region }: Pick<S3Config, "endpoint" | "region">): string {
  const usual = `https://s3.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;
  return (endpoint ?? usual).replace(/\/+$/, "");
}

/** The bucket a call means. Throws `invalid_params` for one that is not configured. */
export function chosenBucket({ bucket }: { bucket?: string | undefined }, { buckets }: S3Config): string {
  const [first = ""] = buckets;
  if (bucket === undefined || buckets.includes(bucket)) return bucket ?? first;
  throw new GatewayError("invalid_params", `The bucket ${bucket} is not among those that are configured`, {
    hint: `Choose one of ${buckets.join(", ")}, or add it to the configuration.`,
    issues: [{ path: "params.bucket", message: "is not configured" }],
    isFinal: true,
  });
}

/** Where a bucket is, without a stroke at the end. */
export function bucketUrl(bucket: string, config: S3Config): string {
  const base = endpointOf(config);
  if (config.style === "path") return `${base}/${bucket}`;
  const { protocol, host, pathname } = new URL(base);
  return `${protocol}//${bucket}.${host}${pathname.replace(/\/+$/, "")}`;
}

/** Where an object is. Each part of its key is encoded by itself, so that nothing in it means something to an address. */
export function objectUrl(bucket: string, key_: string, config: S3Config): string {
  return `${bucketUrl(bucket, config)}/${key_.split("/").map(encoded).join("/")}`;
}

/** As RFC 3986 has it: letters, digits and - . _ ~ stay. */
export function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Everything a call of these buckets may reach, as the policy judges it. */
export function originsOf(config: S3Config, bucket?: string): string[] {
  const buckets = bucket !== undefined && config.buckets.includes(bucket) ? [bucket] : config.buckets;
  return [...new Set(buckets.map((name) => new URL(bucketUrl(name, config)).origin))];
}

/** What the configuration names, with whom to trust there. */
export function placesOf(config: S3Config): GuardTarget[] {
  const { isInside, certificate } = config;
  const trust = certificate === undefined ? {} : { trust: { ca: certificate } };
  return originsOf(config).map((address) => ({ address, isInside, ...trust }));
}
