import { z } from "zod";

import { defineEndpoints } from "../endpoint.ts";

/** One step of the first five minutes; done when it is true, not when it was clicked. */
export const onboardingStepSchema = z.strictObject({
  id: z.enum(["add-app", "start-app", "open-terminal", "create-automation", "open-on-phone", "make-backup"]),
  isDone: z.boolean(),
});

export const onboardingSchema = z.strictObject({ isDismissed: z.boolean(), steps: z.array(onboardingStepSchema) });
export type Onboarding = z.infer<typeof onboardingSchema>;

export const onboardingEndpoints = defineEndpoints({
  get: {
    method: "GET",
    path: "/api/onboarding",
    summary: "Read the first-steps checklist",
    reply: onboardingSchema,
    audit: "none",
  },
  dismiss: {
    method: "PUT",
    path: "/api/onboarding/dismissed",
    summary: "Hide or show the first-steps checklist",
    body: z.strictObject({ isDismissed: z.boolean() }),
    reply: onboardingSchema,
    audit: "write",
  },
});
