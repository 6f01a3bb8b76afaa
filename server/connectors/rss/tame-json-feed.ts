const maxEntries = 1_000;
const maxDepth = 6;
const maxKeys = 60;
const maxTextChars = 200_000;

/** A feed in JSON that is small and shallow. */
export interface TamedJson {
  value: unknown;
  isMended: boolean;
  isCut: boolean;
}

/** Reads the text of a JSON feed, of a broken one the entries that are whole; `null` where nothing can be read. */
export function tameJsonFeed(text: string): TamedJson | null {
  const whole = parse(text);
  const mended = whole === undefined ? mendJson(text) : null;
  const value = whole ?? (mended === null ? undefined : parse(mended));
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const state = { isCut: false };
  const small = copy(value, 0, state);
  return { value: small, isMended: whole === undefined, isCut: state.isCut };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // what can be done about it is tried by the caller
  }
}

/** Up to its last entry that is whole, with what was open closed. Looks at each character a few times at most. */
function mendJson(text: string): string | null {
  const plain = text.replace(/\p{Cc}/gu, " ").replace(/,(?=\s{0,200}[\]}])/g, "");
  const list = /"items"\s{0,200}:\s{0,200}\[/.exec(plain);
  if (!list) return null;
  const marks = /["{}[\]]/g;
  marks.lastIndex = list.index + list[0].length;
  let depth = 0;
  let end = marks.lastIndex;
  for (let mark = marks.exec(plain); mark !== null && depth >= 0; mark = marks.exec(plain)) {
    if (mark[0] === '"') marks.lastIndex = endOfText(plain, marks.lastIndex);
    else depth += /[{[]/.test(mark[0]) ? 1 : -1;
    if (depth === 0 && mark[0] === "}") end = marks.lastIndex;
  }
  return `${plain.slice(0, end)}]}`;
}

/** Behind the quote that ends the text; behind everything where none does. */
function endOfText(json: string, from: number): number {
  const ends = /\\|"/g;
  ends.lastIndex = from;
  for (let found = ends.exec(json); found !== null; found = ends.exec(json)) {
    if (found[0] === '"') return ends.lastIndex;
    ends.lastIndex += 1;
  }
  return json.length;
}

function copy(value: unknown, depth: number, state: { isCut: boolean }): unknown {
  if (typeof value === "string") {
    if (value.length > maxTextChars) state.isCut = true;
    return value.slice(0, maxTextChars);
  }
  if (typeof value !== "object" || value === null) return value;
  if (depth >= maxDepth) return null; // the format is not as deep
  if (Array.isArray(value)) {
    if (value.length > maxEntries) state.isCut = true;
    return value.slice(0, maxEntries).map((entry) => copy(entry, depth + 1, state));
  }
  const fields = Object.entries(value).slice(0, maxKeys);
  return Object.fromEntries(fields.map(([key, field]) => [key, copy(field, depth + 1, state)]));
}
