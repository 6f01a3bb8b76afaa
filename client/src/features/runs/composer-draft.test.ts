import { expect, test } from "vitest";

import type { Provider } from "../../../../contract/features/providers.ts";
import { amongProviders, draftBody, emptyDraft, withProviders } from "./composer-draft.ts";

const enabled = ["first", "second"].map((id) => ({ id, models: [] }) as unknown as Provider);
const kept = { ...emptyDraft, text: "go", choices: { first: "", gone: "" }, fallbacks: ["off", "second", "gone"] };

test("nobody is asked who cannot be seen among the providers", () => {
  const draft = withProviders(kept, enabled);
  expect(Object.keys(draft.choices)).toEqual(["first"]);
  expect(draft.fallbacks).toEqual(["second"]);
  expect(draftBody(draft, "none").choices).toEqual([{ providerId: "first", mayFallBack: true, fallbacks: ["second"] }]);
});

test("fallbacks that are all gone are those of the providers themselves", () => {
  const draft = amongProviders({ ...kept, fallbacks: ["off"] }, enabled);
  expect(draftBody(draft, "none").choices).toEqual([{ providerId: "first", mayFallBack: true }]);
});
