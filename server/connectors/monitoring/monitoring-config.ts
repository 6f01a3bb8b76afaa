import { z } from "zod";

import type { GuardTarget } from "../../../lib/guarded-http/public-guard.ts";
import { certificateField, insideField, isNearHost, titledChoice } from "../framework/config-fields.ts";

const address = z
  .url({ protocol: /^https?$/, error: "must be an address such as https://prometheus.example.com" })
  .max(500, "must have at most 500 characters")
  .refine((text) => !/[?#]|\/\/[^/]*@/.test(text), "must have no user, query or fragment");
const key = z
  .string()
  .regex(/^[\x21-\x7e]+$/, "must be one word of plain characters")
  .min(8, "must have at least 8 characters")
  .max(2_000, "must have at most 2000 characters")
  .optional();

/** Where Datadog keeps an account: https://docs.datadoghq.com/getting_started/site/ */
const datadogSites = [
  "datadoghq.com",
  "us3.datadoghq.com",
  "us5.datadoghq.com",
  "datadoghq.eu",
  "uk1.datadoghq.com",
  "ap1.datadoghq.com",
  "ap2.datadoghq.com",
  "ddog-gov.com",
  "us2.ddog-gov.com",
] as const;

const fields = z.strictObject({
  system: titledChoice([
    ["prometheus", "Prometheus"],
    ["datadog", "Datadog"],
    ["new-relic", "New Relic"],
  ]).meta({ title: "System", description: "Only what is marked with its name is needed." }),
  url: address.optional().meta({
    title: "Prometheus address",
    description: "Such as http://127.0.0.1:9090. For the others only with a proxy of your own.",
  }),
  submitUrl: address.optional().meta({
    title: "Pushgateway address",
    description: "Where metrics are sent, for Prometheus to read. For the others only with a proxy of your own.",
  }),
  user: z
    .string()
    .regex(/^[^\p{Cc}:]+$/u, "must be on one line, without a colon")
    .max(300, "must have at most 300 characters")
    .optional()
    .meta({ title: "Prometheus user", description: "Where it asks for one." }),
  password: z.string().min(1).max(1_000).optional().meta({ title: "Prometheus password" }),
  token: key.meta({ title: "Prometheus token", description: "Instead of user and password (Bearer)." }),
  site: z.enum(datadogSites).default("datadoghq.com").meta({ title: "Datadog site" }),
  apiKey: key.meta({ title: "Datadog API key", description: "Sends metrics." }),
  applicationKey: key.meta({ title: "Datadog application key", description: "Reads metrics and monitors." }),
  region: titledChoice([
    ["us", "United States"],
    ["eu", "Europe"],
  ])
    .default("us")
    .meta({ title: "New Relic region" }),
  accountId: z.int().min(1).optional().meta({ title: "New Relic account", description: "Its number." }),
  userKey: key.meta({ title: "New Relic user key", description: "Reads; begins with NRAK." }),
  licenseKey: key.meta({ title: "New Relic license key", description: "Sends metrics." }),
  certificate: certificateField.optional(),
  isInside: insideField,
});
export type MonitoringConfig = z.output<typeof fields>;

/** What belongs together is there together, and no key goes where others can read along. */
export const monitoringConfig = fields.check((context) => {
  for (const [path, message] of findGaps(context.value))
    context.issues.push({ code: "custom", message, path: [path], input: context.value });
});

function findGaps(config: MonitoringConfig): [string, string][] {
  const { system, url, user, password, token, isInside } = config;
  const gaps: [string, string][] = [];
  const need = (names: readonly (keyof MonitoringConfig)[], why: string): void => {
    for (const name of names) if (config[name] === undefined) gaps.push([name, `is needed ${why}`]);
  };
  if (system === "prometheus") need(["url"], "for Prometheus");
  if (system === "datadog") need(["apiKey", "applicationKey"], "for Datadog");
  if (system === "new-relic") need(["accountId", "userKey"], "for New Relic");
  if (user !== undefined) need(["password"], "with a user");
  if (password !== undefined) need(["user"], "with a password");
  if (token !== undefined && user !== undefined) gaps.push(["token", "must be left out with a user"]);
  const isOpen = system === "prometheus" && user === undefined && token === undefined;
  for (const [name, text] of [
    ["url", url],
    ["submitUrl", config.submitUrl],
  ] as const)
    if (text !== undefined && URL.canParse(text) && !isOpen && !isInside && isReadable(new URL(text)))
      gaps.push([name, "must begin with https, because a key is sent there"]);
  return gaps;
}

/** Others on the way can read along. */
function isReadable({ protocol, hostname }: URL): boolean {
  return protocol === "http:" && !isNearHost(hostname);
}

type Where = Pick<MonitoringConfig, "system" | "url" | "submitUrl" | "site" | "region">;

/** Where is read and where is sent to, without a stroke at the end; `null` where nothing can be sent. */
export function addressesOf(config: Where): { read: string; send: string | null } {
  const { system, url, submitUrl, site, region } = config;
  if (system === "prometheus") return { read: tidy(url ?? ""), send: submitUrl === undefined ? null : tidy(submitUrl) };
  if (system === "datadog") {
    const usual = `https://api.${site}`;
    return { read: tidy(url ?? usual), send: tidy(submitUrl ?? url ?? usual) };
  }
  const part = region === "eu" ? "eu." : "";
  return {
    read: tidy(url ?? `https://api.${part}newrelic.com`),
    send: tidy(submitUrl ?? `https://metric-api.${part}newrelic.com`),
  };
}

const secretsOf = {
  prometheus: ["password", "token"],
  datadog: ["apiKey", "applicationKey"],
  "new-relic": ["userKey", "licenseKey"],
} as const;

/** What its secrets are for: those of a system that is not chosen go nowhere. */
export function secretPlacesIn(config: Partial<MonitoringConfig>): Record<string, (string | undefined)[]> {
  const { system, site, region } = config;
  if (system === undefined || site === undefined || region === undefined) return {};
  const { read, send } = addressesOf({ ...config, system, site, region });
  const places = [read === "" ? undefined : read, send ?? undefined];
  return Object.fromEntries(secretsOf[system].map((name) => [name, places]));
}

function tidy(text: string): string {
  return text.replace(/\/+$/, "");
}

/** Everything a call may reach, as the policy judges it. */
export function targetsOf(config: MonitoringConfig, which: "read" | "send"): string[] {
  const one = addressesOf(config)[which];
  return one === null || one === "" ? [] : [new URL(one).origin];
}

/** What the configuration names, with whom to trust there. */
export function placesOf(config: MonitoringConfig): GuardTarget[] {
  const { isInside, certificate } = config;
  const trust = certificate === undefined ? {} : { trust: { ca: certificate } };
  const origins = new Set([...targetsOf(config, "read"), ...targetsOf(config, "send")]);
  return [...origins].map((place) => ({ address: place, isInside, ...trust }));
}
