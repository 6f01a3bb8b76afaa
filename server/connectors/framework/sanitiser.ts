/** HTML was to be sanitised before the library for it was loaded; nothing goes through without. */
export class SanitiserMissing extends Error {
  constructor() {
    super("The library that sanitises HTML is not loaded yet");
  }
}

let loaded: ((html: string) => string) | null = null;

/** What sanitises HTML. Throws `SanitiserMissing` before `loadSanitiser`. */
export function sanitiser(): (html: string) => string {
  if (loaded === null) throw new SanitiserMissing();
  return loaded;
}

/** Loads the library: it is large, and few replies hold HTML. */
export async function loadSanitiser(): Promise<void> {
  ({ sanitiseHtml: loaded } = await import("./sanitise-html.ts"));
}
