/** What this browser remembers for its user: panel widths, wrap, last tab. Never needed for anything to work. */
const prefix = "portos.";

/** Reads one preference; a missing, damaged or unreadable one is the fallback. */
export function readPreference<T>(name: string, fallback: T): T {
  try {
    const text = localStorage.getItem(prefix + name);
    return text === null ? fallback : (JSON.parse(text) as T);
  } catch {
    return fallback;
  }
}

/** Writes one preference; a browser that refuses storage simply forgets it. */
export function writePreference(name: string, value: unknown): boolean {
  try {
    localStorage.setItem(prefix + name, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}
