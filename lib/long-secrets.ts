/** A part of a text: where it begins, and where it has ended. */
export type Span = [from: number, to: number];

/** So much of the beginning is looked for; the rest is compared where that stands. */
const needleLength = 32;
/** Needles of one expression: another secret compiles no more than these anew. */
const perGroup = 64;

interface Group {
  needles: Set<string>;
  pattern: RegExp | null;
}

/** Long secrets in texts: what they cost does not grow with their length, and that of another one not with their number. */
export interface LongSecrets {
  add(secret: string): void;
  forget(secret: string): void;
  /** Where they stand, from the left; those that overlap as one. */
  find(text: string): Span[];
  replace(text: string, by: (found: string) => string): string;
}

export function createLongSecrets(): LongSecrets {
  /** Longest first: tokens of one place begin alike. */
  const secrets = new Map<string, string[]>();
  const groups: Group[] = [];

  function addNeedle(needle: string): void {
    let group = groups.find(({ needles }) => needles.size < perGroup);
    if (group === undefined) groups.push((group = { needles: new Set(), pattern: null }));
    group.needles.add(needle);
    group.pattern = null;
  }

  function forgetNeedle(needle: string): void {
    const index = groups.findIndex(({ needles }) => needles.has(needle));
    const group = groups[index];
    if (group === undefined) return;
    group.needles.delete(needle);
    group.pattern = null;
    if (group.needles.size === 0) groups.splice(index, 1);
  }

  function findIn(text: string, group: Group): Span[] {
    const pattern = (group.pattern ??= patternOf(group.needles));
    const spans: Span[] = [];
    pattern.lastIndex = 0;
    for (let found = pattern.exec(text); found !== null; found = pattern.exec(text)) {
      const from = found.index;
      const secret = secrets.get(found[0])?.find((one) => text.startsWith(one, from));
      if (secret !== undefined) spans.push([from, from + secret.length]);
      pattern.lastIndex = from + 1; // another one may begin within it
    }
    return spans;
  }

  function find(text: string): Span[] {
    if (groups.length === 0 || text.length < needleLength) return [];
    return merged(groups.flatMap((group) => findIn(text, group)));
  }

  return {
    add(secret) {
      const needle = secret.slice(0, needleLength);
      const alike = secrets.get(needle);
      if (alike === undefined) addNeedle(needle);
      secrets.set(
        needle,
        [...(alike ?? []), secret].toSorted((a, b) => b.length - a.length),
      );
    },
    forget(secret) {
      const needle = secret.slice(0, needleLength);
      const alike = secrets.get(needle) ?? [];
      const index = alike.indexOf(secret);
      if (index === -1) return;
      const left = alike.toSpliced(index, 1);
      if (left.length > 0) secrets.set(needle, left);
      else {
        secrets.delete(needle);
        forgetNeedle(needle);
      }
    },
    find,
    replace(text, by) {
      const spans = find(text);
      if (spans.length === 0) return text;
      let end = 0;
      let result = "";
      for (const [from, to] of spans) {
        result += text.slice(end, from) + by(text.slice(from, to));
        end = to;
      }
      return result + text.slice(end);
    },
  };
}

function patternOf(needles: ReadonlySet<string>): RegExp {
  return new RegExp([...needles].map((needle) => needle.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|"), "g");
}

function merged(spans: Span[]): Span[] {
  const result: Span[] = [];
  for (const [from, to] of spans.toSorted(([one], [other]) => one - other)) {
    const last = result.at(-1);
    if (last !== undefined && from < last[1]) last[1] = Math.max(last[1], to);
    else result.push([from, to]);
  }
  return result;
}
