import type { Metrics } from "../../../contract/features/processes.ts";

/** CPU and memory of every process in the last hour, coarse. */
export interface MetricsRing {
  /** Adds one sample; several within a step are averaged. */
  add(at: number, samples: readonly { key: string; cpuPercent: number; memoryBytes: number }[]): void;
  /** The series whose key passes, oldest first, ending with the step that holds `now`. */
  read(now: number, isWanted: (key: string) => boolean): Metrics;
  /** Takes over what an earlier run has read; what it did not see stays a gap. */
  restore(metrics: Metrics): void;
}

/** 120 steps of 30 s. */
export const stepMs = 30_000;
const steps = 120;

interface Series {
  cpu: Float32Array;
  memory: Float64Array;
  counts: Uint16Array;
  /** Step number each slot was last written for. */
  written: Float64Array;
}

/** Creates a ring; a process not seen for an hour is forgotten. */
export function createMetricsRing(): MetricsRing {
  const all = new Map<string, Series>();

  function seriesOf(key: string): Series {
    const known = all.get(key);
    if (known) return known;
    const fresh = {
      cpu: new Float32Array(steps),
      memory: new Float64Array(steps),
      counts: new Uint16Array(steps),
      written: new Float64Array(steps).fill(Number.NaN),
    };
    all.set(key, fresh);
    return fresh;
  }

  return {
    add(at, samples) {
      const step = Math.floor(at / stepMs);
      const slot = slotOf(step);
      for (const { key, cpuPercent, memoryBytes } of samples) {
        const series = seriesOf(key);
        const count = series.written[slot] === step ? (series.counts[slot] ?? 0) : 0;
        series.cpu[slot] = ((series.cpu[slot] ?? 0) * (count > 0 ? count : 0) + cpuPercent) / (count + 1);
        series.memory[slot] = ((series.memory[slot] ?? 0) * (count > 0 ? count : 0) + memoryBytes) / (count + 1);
        series.counts[slot] = count + 1;
        series.written[slot] = step;
      }
      for (const [key, { written }] of all) if (written.every((last) => !(last >= step - steps))) all.delete(key);
    },
    restore({ until, series: kept }) {
      const last = Math.floor(Date.parse(until) / stepMs) - 1;
      for (const [key, { cpuPercent, memoryBytes }] of Object.entries(kept)) {
        const series = seriesOf(key);
        for (const [index, cpu] of cpuPercent.slice(-steps).entries()) {
          const step = last - Math.min(cpuPercent.length, steps) + 1 + index;
          const memory = memoryBytes.at(index - Math.min(memoryBytes.length, steps));
          const slot = slotOf(step);
          if (cpu === null || typeof memory !== "number" || (series.written[slot] ?? -1) >= step) continue;
          series.cpu[slot] = cpu;
          series.memory[slot] = memory;
          series.counts[slot] = 1;
          series.written[slot] = step;
        }
      }
    },
    read(now, isWanted) {
      const last = Math.floor(now / stepMs);
      const series: Metrics["series"] = {};
      for (const [key, { cpu, memory, written }] of all) {
        if (!isWanted(key)) continue;
        const cpuPercent: (number | null)[] = [];
        const memoryBytes: (number | null)[] = [];
        for (let step = last - steps + 1; step <= last; step++) {
          const slot = slotOf(step);
          const isKnown = written[slot] === step;
          cpuPercent.push(isKnown ? Math.round((cpu[slot] ?? 0) * 10) / 10 : null);
          memoryBytes.push(isKnown ? Math.round(memory[slot] ?? 0) : null);
        }
        series[key] = { cpuPercent, memoryBytes };
      }
      return { stepMs, until: new Date((last + 1) * stepMs).toISOString(), series };
    },
  };
}

function slotOf(step: number): number {
  return ((step % steps) + steps) % steps;
}
