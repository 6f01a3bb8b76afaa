import type { Endpoint } from "../../../../contract/endpoint.ts";
import { endpointGroups } from "../../../../contract/index.ts";

/** Every endpoint of portos-server with its id, such as "apps.list". */
export const allEndpoints = Object.entries(endpointGroups).flatMap(([group, endpoints]) =>
  Object.entries(endpoints as Record<string, Endpoint>).map(([key, endpoint]) => ({
    id: `${group}.${key}`,
    endpoint,
  })),
);
