import { createRequire } from "node:module";

import { GatewayError } from "../framework/gateway-error.ts";

/** A package that is installed by those who want it. */
export interface OptionalPackage {
  readonly name: string;
  /** The one this was made for and tested with. */
  readonly version: string;
}

export const amqplib: OptionalPackage = { name: "amqplib", version: "2.3.1" };
export const kafkajs: OptionalPackage = { name: "kafkajs", version: "2.2.4" };

/** Finds packages beside PortOS, and loads them. */
export interface PackageFinder {
  /** The file a package begins with; `null` when it is not installed. */
  find(name: string): string | null;
  load(file: string): unknown;
}

const require = createRequire(import.meta.url);

/** As Node finds them; it remembers what was not there, so one that was just installed is found after a restart. */
export const installedPackages: PackageFinder = {
  find(name) {
    try {
      return require.resolve(name);
    } catch {
      return null; // which is what was asked
    }
  },
  load: (file) => require(file) as unknown,
};

/** What to run, as a sentence. */
export function howToInstall({ name, version }: OptionalPackage): string {
  return `Run npm install --no-save ${name}@${version} in the folder of PortOS, then restart it.`;
}

/** The file a package begins with. Throws `not_configured` when it is not installed. */
export function foundPackage(wanted: OptionalPackage, packages: PackageFinder): string {
  const file = packages.find(wanted.name);
  if (file !== null) return file;
  throw new GatewayError("not_configured", `The package ${wanted.name} is not installed`, {
    hint: howToInstall(wanted),
    isFinal: true,
  });
}

/** Something else is installed under its name. */
export function strangePackage(wanted: OptionalPackage): GatewayError {
  return new GatewayError("not_configured", `This version of ${wanted.name} is not known here`, {
    hint: howToInstall(wanted),
    isFinal: true,
  });
}
