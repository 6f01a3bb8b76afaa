const windowMs = 5_000;

/** Bytes per second over the last five seconds; `null` until there is something to compare. `nowMs` must never jump. */
export function createSpeedometer(nowMs: () => number): (bytes: number | null) => number | null {
  let samples: { at: number; bytes: number }[] = [];
  return (bytes) => {
    if (bytes === null) return null;
    const at = nowMs();
    // a new part of the download may begin with fewer bytes than were counted
    samples = [...samples.filter((sample) => at - sample.at <= windowMs && sample.bytes <= bytes), { at, bytes }];
    const [first] = samples;
    if (!first || at - first.at < 200) return null;
    return Math.round(((bytes - first.bytes) * 1_000) / (at - first.at));
  };
}
