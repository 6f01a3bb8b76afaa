/** Larger pairs of texts are not compared line by line. */
const maxCells = 4_000_000;

/**
 * Joins two texts that were both made from `base`, line by line. Where both changed the same lines, those of `one` and then
 * those of `other` are kept: nothing is lost.
 */
export function mergeLines(base: string, one: string, other: string): string {
  if (one === other || other === base) return one;
  if (one === base) return other;
  const [was, first, second] = [base.split("\n"), one.split("\n"), other.split("\n")];
  const inFirst = matchesOf(was, first);
  const inSecond = matchesOf(was, second);
  const merged: string[] = [];
  let [from, a, b] = [0, 0, 0];
  for (let line = 0; line <= was.length; line += 1) {
    const [nextA, nextB] =
      line === was.length ? [first.length, second.length] : [inFirst.get(line), inSecond.get(line)];
    if (nextA === undefined || nextB === undefined) continue;
    merged.push(...mergePiece(was.slice(from, line), first.slice(a, nextA), second.slice(b, nextB)));
    const kept = was[line];
    if (kept !== undefined) merged.push(kept);
    [from, a, b] = [line + 1, nextA + 1, nextB + 1];
  }
  return merged.join("\n");
}

/**
 * `now` with what it has lost of `was`: lines that are gone without others in their place. What has nothing of `was` in it comes
 * behind all of it.
 */
export function withLostLines(was: string, now: string): string {
  if (now.trim() === "") return was;
  const [before, after] = [was.split("\n"), now.split("\n")];
  const places = matchesOf(before, after);
  if (![...places.keys()].some((line) => before[line]?.trim() !== "")) return `${was.trimEnd()}\n\n${now}`;
  const whole: string[] = [];
  let [from, at] = [0, 0];
  for (let line = 0; line <= before.length; line += 1) {
    const place = line === before.length ? after.length : places.get(line);
    if (place === undefined) continue;
    whole.push(...(place === at ? before.slice(from, line) : after.slice(at, place)));
    const kept = before[line];
    if (kept !== undefined) whole.push(kept);
    [from, at] = [line + 1, place + 1];
  }
  return whole.join("\n");
}

function mergePiece(was: readonly string[], one: readonly string[], other: readonly string[]): readonly string[] {
  const [base, first, second] = [was.join("\n"), one.join("\n"), other.join("\n")];
  if (first === second && one.length === other.length) return one;
  if (first === base && one.length === was.length) return other;
  if (second === base && other.length === was.length) return one;
  return [...one, ...other];
}

/** Lines of `was` that are lines of `now`, in the same order, as many as there can be. */
function matchesOf(was: readonly string[], now: readonly string[]): Map<number, number> {
  const found = new Map<number, number>();
  const width = now.length + 1;
  if (was.length * width > maxCells) return found;
  const lengths = new Uint32Array((was.length + 1) * width);
  for (let i = was.length - 1; i >= 0; i -= 1)
    for (let j = now.length - 1; j >= 0; j -= 1) {
      const below = lengths[(i + 1) * width + j] ?? 0;
      const right = lengths[i * width + j + 1] ?? 0;
      const both = (lengths[(i + 1) * width + j + 1] ?? 0) + 1;
      lengths[i * width + j] = was[i] === now[j] ? both : Math.max(below, right);
    }
  for (let [i, j] = [0, 0]; i < was.length && j < now.length;) {
    if (was[i] === now[j]) {
      found.set(i, j);
      i += 1;
      j += 1;
    } else if ((lengths[(i + 1) * width + j] ?? 0) >= (lengths[i * width + j + 1] ?? 0)) i += 1;
    else j += 1;
  }
  return found;
}
