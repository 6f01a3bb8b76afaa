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

/** As Node finds them, so that one that was installed just now is there at once. */
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

/** What to run, in the folder of PortOS. */
export function installCommand({ name, version }: OptionalPackage): string {
  return `npm install --no-save ${name}@${version}`;
}

/** The file a package begins with. Throws `not_configured` when it is not installed. */
export function foundPackage(wanted: OptionalPackage, packages: PackageFinder): string {
  const file = packages.find(wanted.name);
  if (file !== null) return file;
  throw new GatewayError("not_configured", `The package ${wanted.name} is not installed`, {
    hint: `Run ${installCommand(wanted)} in the folder of PortOS.`,
    isFinal: true,
  });
}

/** Something else is installed under its name. */
export function strangePackage(wanted: OptionalPackage): GatewayError {
  return new GatewayError("not_configured", `This version of ${wanted.name} is not known here`, {
    hint: `Run ${installCommand(wanted)} in the folder of PortOS, then restart it.`,
    isFinal: true,
  });
}
