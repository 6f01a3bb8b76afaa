/** One answer a prompt on the screen seems to take. */
export interface Choice {
  label: string;
  send: string;
}

const maxChoices = 9;

/**
 * Reads the lines above the cursor for a question with choices: y/n, yes/no, numbered or lettered. It is a guess shown
 * as a hint: nothing is ever sent by itself.
 */
export function readChoices(lines: readonly string[]): Choice[] {
  const shown = lines.map((line) => line.trimEnd());
  const prompt = shown.findLast((line) => line !== "") ?? "";
  return yesNo(prompt) ?? slashed(prompt) ?? numbered(shown, prompt) ?? [];
}

function yesNo(prompt: string): Choice[] | null {
  const match = /[[(]\s*(y(?:es)?)\s*\/\s*(n(?:o)?)(?:\s*\/\s*([a-z]+))?\s*[\])]\s*[?:]?\s*$/i.exec(prompt);
  if (!match) return null;
  return match
    .slice(1)
    .flatMap((word: string | undefined) =>
      word === undefined ? [] : [{ label: word, send: `${word.toLowerCase()}\r` }],
    );
}

function slashed(prompt: string): Choice[] | null {
  const words = /[[(]\s*(\w{1,12}(?:\s*[/,|]\s*\w{1,12}){1,8})\s*[\])]\s*[?:>]?\s*$/
    .exec(prompt)?.[1]
    ?.split(/\s*[/,|]\s*/);
  if (!words) return null;
  const isShort = words.every((word) => word.length === 1 || /^\d+$/.test(word));
  return isShort ? words.map((word) => ({ label: word, send: `${word}\r` })) : null;
}

function numbered(lines: readonly string[], prompt: string): Choice[] | null {
  if (!/[?:>#]\s*$|\bchoice|\bselect/i.test(prompt)) return null;
  const found: Choice[] = [];
  for (const line of lines) {
    const match = /^\s*(?:[❯>*]\s*)?\[?(\d)[.)\]]\s+(\S.{0,40})/.exec(line);
    const number = Number(match?.[1]);
    if (match && number === found.length + 1)
      found.push({ label: `${String(number)} ${match[2] ?? ""}`.trim(), send: `${String(number)}\r` });
    else if (match && number === 1) found.splice(0, found.length, { label: `1 ${match[2] ?? ""}`.trim(), send: "1\r" });
  }
  return found.length >= 2 ? found.slice(0, maxChoices) : null;
}
