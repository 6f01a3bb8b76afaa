import { fieldErrors } from "./api-error.ts";

/**
 * Leads to the first field that the server refused, once the form says so: on a phone it may lie far above the button.
 * A field that one stands in already is not left.
 */
export function showFirstError(error: unknown): void {
  if (Object.keys(fieldErrors(error)).length === 0) return;
  const form = document.activeElement?.closest("form") ?? document;
  // The form draws its errors first.
  requestAnimationFrame(() => {
    requestAnimationFrame(() => {
      if (document.activeElement?.getAttribute("aria-invalid") === "true") return;
      const refused = [...form.querySelectorAll<HTMLElement>('[aria-invalid="true"]')];
      refused.find((field) => field.checkVisibility())?.focus();
    });
  });
}
