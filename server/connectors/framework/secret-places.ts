import { z } from "zod";

import type { AnyConnector } from "./define-connector.ts";

type Placed = Pick<AnyConnector, "config" | "secrets" | "secretPlaces">;

/**
 * Where each secret of a configuration is used, by scheme, host and port. What is said there of one connector is what
 * `secretPlaces` makes of its plain fields; of one without it, every address that stands in them, for each of its secrets.
 */
export function secretPlacesOf(connector: Placed, values: Readonly<Record<string, unknown>>): Record<string, string[]> {
  const { secrets, secretPlaces } = connector;
  const plain = readableFields(connector, values);
  const every = secretPlaces ? [] : addressesIn(plain);
  const said = secretPlaces?.(plain) ?? Object.fromEntries(secrets.map((name) => [name, every]));
  const placesOf = (name: string): string[] => {
    const addresses = (said[name] ?? []).filter((address) => address !== undefined);
    return [...new Set(addresses.map(placeOf))].toSorted();
  };
  return Object.fromEntries(secrets.map((name) => [name, placesOf(name)]));
}

/** A field that cannot be read leads nowhere; what is wrong with it is said where it is entered. */
function readableFields({ config, secrets }: Placed, values: Readonly<Record<string, unknown>>) {
  const plain: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(values)) if (!secrets.includes(name)) plain[name] = value;
  for (const [name, field] of Object.entries<unknown>(config.shape)) {
    if (secrets.includes(name) || !(field instanceof z.ZodType)) continue;
    const parsed = field.safeParse(plain[name]);
    plain[name] = parsed.success ? parsed.data : undefined;
  }
  return plain;
}

function addressesIn(plain: Readonly<Record<string, unknown>>): string[] {
  const texts = Object.values(plain)
    .flat()
    .filter((value) => typeof value === "string");
  return texts.filter((text) => /^[a-z][a-z0-9+.-]*:\/\//i.test(text) && URL.canParse(text));
}

/** Two spellings of one place are the same. */
function placeOf(address: string): string {
  if (!URL.canParse(address)) return address.toLowerCase();
  const { protocol, host } = new URL(address);
  return `${protocol}//${host}`;
}
