import { findRanges } from "../text-marks.ts";

/** Text in which what is searched for is marked. */
export function Marked({ text, query }: { text: string; query: string }) {
  const ranges = findRanges(text, query.trim(), false);
  if (ranges.length === 0) return text;
  const ends = [0, ...ranges.map(([, end]) => end)];
  return (
    <>
      {ranges.map(([start, end], index) => (
        <span key={index}>
          {text.slice(ends[index], start)}
          <mark>{text.slice(start, end)}</mark>
        </span>
      ))}
      {text.slice(ends.at(-1))}
    </>
  );
}
