type Rgb = readonly [number, number, number];

const minContrast = 4.5;
const cache = new Map<string, string>();
const maxCached = 2_000;

/** Backgrounds of the log view (`--surface` of the dark and the light theme). */
export const logBackgrounds = { dark: [20, 23, 27], light: [255, 255, 255] } as const satisfies Record<string, Rgb>;

/** The colour "r,g,b" as CSS, moved towards white or black until it can be read on `background` (WCAG AA). */
export function readableColor(color: string, background: Rgb): string {
  const key = `${color}/${background.join(",")}`;
  const known = cache.get(key);
  if (known !== undefined) return known;
  const rgb = color.split(",").map(Number) as unknown as Rgb;
  const target: Rgb = luminance(background) > 0.4 ? [0, 0, 0] : [255, 255, 255];
  let result = rgb;
  for (let share = 0; share <= 1 && contrast(result, background) < minContrast; share += 0.05)
    result = mix(rgb, target, share);
  const css = `rgb(${result.map((part) => String(Math.round(part))).join(" ")})`;
  if (cache.size >= maxCached) cache.clear();
  cache.set(key, css);
  return css;
}

/** Contrast of two colours after WCAG 2, from 1 to 21. */
export function contrast(a: Rgb, b: Rgb): number {
  const [light, dark] = [luminance(a), luminance(b)].toSorted((x, y) => y - x) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

function luminance([red, green, blue]: Rgb): number {
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

function mix(from: Rgb, to: Rgb, share: number): Rgb {
  return [
    from[0] + (to[0] - from[0]) * share,
    from[1] + (to[1] - from[1]) * share,
    from[2] + (to[2] - from[2]) * share,
  ];
}

/** One channel of sRGB, 0 to 255, as light. */
function linear(part: number): number {
  const share = part / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
}
