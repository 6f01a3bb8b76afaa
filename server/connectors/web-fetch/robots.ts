/** Whether the rules of a robots.txt let `agent` read `path` (with its query), as RFC 9309 has it: the longest match wins, a tie allows. */
export function isAllowedByRobots(robots: string, agent: string, path: string): boolean {
  const groups = readGroups(robots.slice(0, maxChars));
  const name = agent.toLowerCase();
  const own = groups.filter(({ agents }) => agents.some((one) => one !== "*" && name.startsWith(one)));
  const rules = (own.length > 0 ? own : groups.filter(({ agents }) => agents.includes("*"))).flatMap(
    (group) => group.rules,
  );
  const target = normalise(path);
  let best = { length: -1, isAllowed: true };
  for (const { pattern, isAllowed } of rules) {
    const { length } = pattern;
    if (length < best.length || !matches(pattern, target)) continue;
    best = { length, isAllowed: length === best.length ? best.isAllowed || isAllowed : isAllowed };
  }
  return best.isAllowed;
}

/** More of a robots.txt need not be read. */
const maxChars = 512 * 1_024;
const maxRules = 5_000;

interface Group {
  /** In lower case; "*" for everybody. */
  agents: string[];
  rules: { pattern: string; isAllowed: boolean }[];
}

function readGroups(robots: string): Group[] {
  const groups: Group[] = [];
  let count = 0;
  for (const line of robots.split(/\r\n?|\n/)) {
    const [, key = "", value = ""] = /^\s*([A-Za-z-]+)\s*:\s*([^#]*)/.exec(line) ?? [];
    const field = key.toLowerCase();
    const last = groups.at(-1);
    if (field === "user-agent") {
      const agent = value.trim().toLowerCase().split("/", 1)[0] ?? "";
      if (last?.rules.length === 0) last.agents.push(agent);
      else groups.push({ agents: [agent], rules: [] });
    } else if (last && (field === "allow" || field === "disallow") && count < maxRules) {
      count += 1;
      // An empty rule forbids nothing, and still ends the list of names.
      last.rules.push({ pattern: normalise(value.trim()), isAllowed: field === "allow" || value.trim() === "" });
    }
  }
  return groups;
}

/** Characters that are written as escapes in one of both are written so in both. */
function normalise(path: string): string {
  const whole = path.replace(/%[0-9a-f]{2}/gi, (escape) => {
    const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
    return /[A-Za-z0-9._~-]/.test(character) ? character : escape.toUpperCase();
  });
  return whole.replace(/[^\x21-\x7e]/gu, (character) =>
    encodeURIComponent(character.replace(/\p{Surrogate}/u, "\ufffd")),
  );
}

/** "*" stands for anything, "$" at the end for the end. Piece by piece, so that many stars cost no more than few. */
function matches(pattern: string, path: string): boolean {
  const isAnchored = pattern.endsWith("$");
  const pieces = (isAnchored ? pattern.slice(0, -1) : pattern).split("*");
  const [first = "", ...rest] = pieces;
  if (!path.startsWith(first)) return false;
  let at = first.length;
  const last = isAnchored ? (rest.pop() ?? null) : null;
  for (const piece of rest) {
    const found = path.indexOf(piece, at);
    if (found === -1) return false;
    at = found + piece.length;
  }
  if (!isAnchored) return true;
  return last === null ? at === path.length : path.length - last.length >= at && path.endsWith(last);
}
