import { onboardingEndpoints, type Onboarding } from "../../../contract/features/onboarding.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import type { Mount } from "../../http/mount.ts";

export interface OnboardingFile {
  isDismissed: boolean;
  /** Steps that were true once; they stay done when the app is deleted again. */
  done: Onboarding["steps"][number]["id"][];
}

type StepId = OnboardingFile["done"][number];

const order: readonly StepId[] = [
  "add-app",
  "start-app",
  "open-terminal",
  "create-automation",
  "open-on-phone",
  "make-backup",
];

/** Mounts the first-steps checklist. `facts` says what is true now; a step that was true once stays done. */
export function mountOnboarding(
  mount: Mount,
  store: JsonStore<OnboardingFile>,
  facts: () => Promise<Partial<Record<StepId, boolean>>>,
): void {
  async function read(): Promise<Onboarding> {
    const now = await facts();
    const before = store.get();
    const fresh = order.filter((id) => now[id] === true && !before.done.includes(id));
    const file =
      fresh.length === 0
        ? before
        : await store.update((current) => {
            const next = { ...current, done: [...new Set([...current.done, ...fresh])] };
            return { next, result: next };
          });
    return { isDismissed: file.isDismissed, steps: order.map((id) => ({ id, isDone: file.done.includes(id) })) };
  }

  mount(
    "onboarding",
    onboardingEndpoints,
  )({
    get: read,
    async dismiss({ body }) {
      await store.update((file) => ({ next: { ...file, isDismissed: body.isDismissed }, result: null }));
      return read();
    },
  });
}
