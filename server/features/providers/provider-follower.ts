import type { z } from "zod";

import type { providersFeed } from "../../../contract/features/providers.ts";
import type { SecretBox } from "../../../lib/secret-box.ts";
import { configurationOf, type ProviderHealths } from "./provider-health.ts";
import { type ProviderRecord, toProvider } from "./provider-record.ts";
import type { ProviderStore } from "./provider-store.ts";

type ProvidersEvent = z.output<typeof providersFeed.server.event>["event"];

interface Dependencies {
  store: ProviderStore;
  healths: ProviderHealths;
  secrets: Pick<SecretBox, "describe">;
  publish(event: ProvidersEvent): void;
}

/**
 * Tells every change of the file, made by the API or by hand, and looks at a provider that was turned on or set up anew.
 * Returns how to stop.
 */
export function followProviders({ store, healths, secrets, publish }: Dependencies): () => void {
  let known = new Map(store.all().map((record) => [record.id, record]));
  let problems = JSON.stringify(store.problems());

  function changed(record: ProviderRecord, before: ProviderRecord | undefined): void {
    const isSetUpAnew =
      before !== undefined && JSON.stringify(configurationOf(before)) !== JSON.stringify(configurationOf(record));
    publish({ kind: "changed", provider: toProvider(record, secrets) });
    if (isSetUpAnew) healths.forget(record.id);
    publish({ kind: "health", health: healths.of(record) });
    // `check` never rejects here: a probe tells what is wrong as its outcome, and logs what it did not expect
    if (record.isEnabled && (isSetUpAnew || before?.isEnabled !== true)) void healths.check(record, { byUser: true });
  }

  return store.subscribe(() => {
    const records = store.all();
    for (const record of records) {
      const before = known.get(record.id);
      if (JSON.stringify(before) !== JSON.stringify(record)) changed(record, before);
    }
    const ids = new Set(records.map(({ id }) => id));
    for (const id of known.keys()) {
      if (ids.has(id)) continue;
      healths.forget(id);
      publish({ kind: "removed", id });
    }
    known = new Map(records.map((record) => [record.id, record]));
    const current = JSON.stringify(store.problems());
    if (current !== problems) publish({ kind: "problems", problems: [...store.problems()] });
    problems = current;
  });
}
