import { settingsEndpoints, type Settings } from "../../../contract/features/settings.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import type { Mount } from "../../http/mount.ts";

/** Settings are read from and written to one file; whoever needs one subscribes to the store. */
export function mountSettings(mount: Mount, store: JsonStore<Settings>): void {
  mount(
    "settings",
    settingsEndpoints,
  )({
    get: () => store.get(),
    put({ body }, { demand }) {
      if (body.evidence.keepDays < store.get().evidence.keepDays) demand("delete");
      return store.update(() => ({ next: body, result: body }));
    },
  });
}
