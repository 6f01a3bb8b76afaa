import { z } from "zod";

import type { GuardTarget } from "../../../lib/guarded-http/public-guard.ts";
import { parseHostAndPort } from "../../../lib/guarded-http/url-host.ts";
import { certificateField, insideField, isNearHost, titledChoice } from "../framework/config-fields.ts";
import { amqplib, howToInstall, kafkajs, type PackageFinder } from "./optional-package.ts";

const line = (longest: number) =>
  z
    .string()
    .regex(/^\P{Cc}*$/u, "must be on one line")
    .max(longest, `must have at most ${longest} characters`);
const server = z
  .string()
  .trim()
  .max(300, "must have at most 300 characters")
  .refine(
    (text) => !/[/@?#\s]/.test(text) && serverOf(text) !== null,
    "must be a host with a port, such as mq.local:5671",
  );

const fields = z.strictObject({
  system: titledChoice([
    ["rabbitmq", "RabbitMQ"],
    ["kafka", "Kafka"],
  ]).meta({
    title: "System",
    description: "RabbitMQ speaks AMQP 0-9-1. Either needs a package that is installed apart from PortOS.",
  }),
  servers: z.array(server).min(1, "must name at least one").max(10, "must name at most 10").meta({
    title: "Servers",
    description: "Host and port, such as mq.example.com:5671 or 127.0.0.1:9092. The first that answers is taken.",
  }),
  isEncrypted: z.boolean().default(true).meta({
    title: "Encrypted",
    description: "TLS from the first byte on: 5671 for RabbitMQ, often 9093 for Kafka.",
  }),
  login: titledChoice([
    ["plain", "User and password (PLAIN)"],
    ["scram-sha-256", "SCRAM-SHA-256"],
    ["scram-sha-512", "SCRAM-SHA-512"],
    ["none", "Nothing"],
  ])
    .default("plain")
    .meta({
      title: "Sign in with",
      description: "RabbitMQ knows user and password. Kafka knows all of them, as its listener is set up.",
    }),
  user: line(300).optional().meta({ title: "User" }),
  password: z.string().min(1).max(1_000).optional().meta({ title: "Password" }),
  virtualHost: line(200).default("/").meta({ title: "Virtual host", description: "Of RabbitMQ." }),
  group: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,200}$/, "must be letters, digits, dots, hyphens and underscores")
    .default("portos")
    .meta({ title: "Consumer group", description: "Of Kafka: what a group has taken, it does not get again." }),
  certificate: certificateField.optional(),
  isInside: insideField,
});
export type QueueConfig = z.output<typeof fields>;

/** What a broker is reached with; whether its package is installed is part of whether it is configured. */
export function queueConfig(packages: PackageFinder) {
  return fields.check((context) => {
    for (const [path, message] of findGaps(context.value, packages))
      context.issues.push({ code: "custom", message, path: [path], input: context.value });
  });
}

function findGaps(config: QueueConfig, packages: PackageFinder): [string, string][] {
  const { system, login, servers, isEncrypted, isInside } = config;
  const gaps: [string, string][] = [];
  const wanted = system === "rabbitmq" ? amqplib : kafkajs;
  if (packages.find(wanted.name) === null)
    gaps.push(["system", `needs the package ${wanted.name}. ${howToInstall(wanted)}`]);
  if (login !== "none")
    for (const name of ["user", "password"] as const)
      if (config[name] === undefined) gaps.push([name, "is needed to sign in"]);
  if (system === "rabbitmq" && login !== "plain") gaps.push(["login", "must be plain for RabbitMQ"]);
  const isFar = servers.some((text) => !isNearHost(serverOf(text)?.host ?? ""));
  if (!isEncrypted && !isInside && isFar)
    gaps.push(["isEncrypted", "must be on, because a server lies outside this machine and network"]);
  return gaps;
}

/** A host and its port; `null` for what is none. */
export function serverOf(text: string): { host: string; port: number } | null {
  const parsed = parseHostAndPort(text);
  return parsed?.port == null ? null : { host: parsed.host.replace(/^\[|\]$/g, ""), port: parsed.port };
}

/** What the configuration names, with whom to trust there. */
export function placesOf({ servers, isInside, certificate }: QueueConfig): GuardTarget[] {
  const trust = certificate === undefined ? {} : { trust: { ca: certificate } };
  return servers.map((address) => ({ address, isInside, ...trust }));
}

/** The servers as addresses the policy can judge. */
export function targetsOf({ servers, isEncrypted }: Pick<QueueConfig, "servers" | "isEncrypted">): string[] {
  return servers.map((text) => `${isEncrypted ? "https" : "http"}://${text}`);
}
