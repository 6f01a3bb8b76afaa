import { isIP } from "node:net";

import { z } from "zod";

import type { GuardTarget } from "../../../lib/guarded-http/public-guard.ts";
import { certificateField, pemField } from "../framework/config-fields.ts";
import { mailAddress } from "./mail-address.ts";

const oneLine = (longest: number) =>
  z
    .string()
    .min(1, "must not be empty")
    .max(longest, `must have at most ${longest} characters`)
    .regex(/^\P{Cc}+$/u, "must be on one line");

const fields = z.strictObject({
  host: z
    .string()
    .regex(/^[\p{L}\p{N}.:-]{1,253}$/u, "must be the name or address of a machine")
    .meta({ title: "Server" }),
  port: z.int().min(1).max(65_535).default(587).meta({ title: "Port" }),
  security: z.enum(["starttls", "implicit", "none"]).default("starttls").meta({
    title: "Encryption",
    description: "STARTTLS (587), from the first byte on (465), or none within this machine.",
  }),
  certificate: certificateField.optional(),
  login: z.enum(["none", "password", "oauth2"]).default("password").meta({ title: "Sign in with" }),
  user: oneLine(320).optional().meta({ title: "User" }),
  password: z.string().min(1).max(1_000).optional().meta({ title: "Password" }),
  tokenUrl: z
    .url({ protocol: /^https?$/ })
    .max(500)
    .optional()
    .meta({ title: "Token address", description: "For OAuth2, such as https://oauth2.googleapis.com/token." }),
  clientId: oneLine(500).optional().meta({ title: "Client id" }),
  clientSecret: z.string().min(1).max(1_000).optional().meta({ title: "Client secret" }),
  refreshToken: z.string().min(1).max(5_000).optional().meta({ title: "Refresh token" }),
  from: mailAddress.meta({ title: "Sender", description: "Such as PortOS <me@example.com>." }),
  replyTo: mailAddress.optional().meta({ title: "Answers to" }),
  clientName: z
    .string()
    .regex(/^[A-Za-z0-9.-]{1,253}$/, "must be the name of a machine")
    .optional()
    .meta({ title: "Own name", description: "How this machine names itself to the server." }),
  dkimDomain: oneLine(253).optional().meta({ title: "DKIM domain" }),
  dkimSelector: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,63}$/, "must be a selector")
    .optional()
    .meta({ title: "DKIM selector" }),
  dkimKey: pemField.optional().meta({ title: "DKIM private key" }),
  isInside: z
    .boolean()
    .default(false)
    .meta({ title: "Inside", description: "The server lies in this network, although its name looks public." }),
});
export type EmailConfig = z.output<typeof fields>;

/** What a mail server is reached with; what belongs together is there together. */
export const emailConfig = fields.check((context) => {
  for (const [path, message] of findGaps(context.value))
    context.issues.push({ code: "custom", message, path: [path], input: context.value });
});

function findGaps(config: EmailConfig): [string, string][] {
  const gaps: [string, string][] = [];
  const need = (names: readonly (keyof typeof config)[], why: string): void => {
    for (const name of names) if (config[name] === undefined) gaps.push([name, `is needed ${why}`]);
  };
  if (config.login === "password") need(["user", "password"], "to sign in with a password");
  if (config.login === "oauth2") need(["user", "tokenUrl", "clientId", "refreshToken"], "to sign in with OAuth2");
  const dkim = ["dkimDomain", "dkimSelector", "dkimKey"] as const;
  if (dkim.some((name) => config[name] !== undefined)) need(dkim, "to sign with DKIM");
  if (config.login !== "none" && config.security === "none" && !isThisMachine(config.host))
    gaps.push(["security", "must not be none where a password or token is sent to another machine"]);
  return gaps;
}

function isThisMachine(host: string): boolean {
  return (
    host === "localhost" ||
    host.endsWith(".localhost") ||
    host === "::1" ||
    (isIP(host) === 4 && host.startsWith("127."))
  );
}

/** The server as an address the policy can judge, and people can read. */
export function serverAddress({ host, port, security }: Pick<EmailConfig, "host" | "port" | "security">): string {
  return `${security === "implicit" ? "smtps" : "smtp"}://${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

/** What its secrets are for. What OAuth2 gives is shown to the server; the key of DKIM is sent nowhere. */
export function secretPlacesIn({
  host,
  port,
  security,
  tokenUrl,
}: Partial<EmailConfig>): Record<string, (string | undefined)[]> {
  if (host === undefined || port === undefined || security === undefined) return {};
  const server = serverAddress({ host, port, security }).replace(/^smtp/, "http"); // as origins are compared
  return { password: [server], clientSecret: [server, tokenUrl], refreshToken: [server, tokenUrl] };
}

/** What the configuration names, with whom to trust there. */
export function placesOf(config: EmailConfig): GuardTarget[] {
  const { certificate, tokenUrl, login, isInside } = config;
  const server = {
    address: serverAddress(config),
    isInside,
    ...(certificate === undefined ? {} : { trust: { ca: certificate } }),
  };
  return login === "oauth2" && tokenUrl !== undefined ? [server, { address: new URL(tokenUrl).origin }] : [server];
}

/** Everything a call may reach. */
export function targetsOf(config: EmailConfig): string[] {
  return [
    serverAddress(config),
    ...(config.login === "oauth2" && config.tokenUrl !== undefined ? [config.tokenUrl] : []),
  ];
}
