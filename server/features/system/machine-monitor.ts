import { readFile, statfs } from "node:fs/promises";
import { cpus, freemem, hostname, loadavg, platform, release, totalmem, uptime } from "node:os";

import type { Machine } from "../../../contract/features/system.ts";
import type { Clock } from "../../../lib/clock.ts";

export interface MachineMonitor {
  /** Machine health now; the share of CPU is the mean since the call before. */
  read(): Promise<Machine>;
}

interface CpuTimes {
  idle: number;
  total: number;
}

/** Reads machine health without a child process; slow facts (disks, temperature) are read every ten seconds at most. */
export function createMachineMonitor(options: { clock: Clock; folders: readonly string[] }): MachineMonitor {
  const { clock, folders } = options;
  let lastCpu = cpuTimes();
  let lastPercent = 0;
  let lastReadAt = -Infinity;
  let slow: { at: number; disks: Machine["disks"]; temperatureCelsius: number | null } | undefined;

  function cpuPercent(): number {
    if (clock.monotonic() - lastReadAt < 250) return lastPercent;
    lastReadAt = clock.monotonic();
    const now = cpuTimes();
    const total = now.total - lastCpu.total;
    if (total > 0) lastPercent = (100 * (total - (now.idle - lastCpu.idle))) / total;
    lastCpu = now;
    return lastPercent;
  }

  async function slowFacts(): Promise<NonNullable<typeof slow>> {
    if (slow && clock.monotonic() - slow.at < 10_000) return slow;
    slow = { at: clock.monotonic(), disks: await readDisks(folders), temperatureCelsius: await readTemperature() };
    return slow;
  }

  return {
    async read() {
      const { disks, temperatureCelsius } = await slowFacts();
      const [one = 0, five = 0, fifteen = 0] = loadavg();
      const total = totalmem();
      return {
        at: new Date(clock.now()).toISOString(),
        hostname: hostname(),
        platform: `${platform()} ${release()}`,
        cpuCount: cpus().length,
        cpuPercent: Math.round(cpuPercent() * 10) / 10,
        loadAverage: [one, five, fifteen],
        memoryTotalBytes: total,
        memoryUsedBytes: total - (await availableMemory()),
        disks,
        temperatureCelsius,
        uptimeSeconds: Math.round(uptime()),
      };
    },
  };
}

function cpuTimes(): CpuTimes {
  let idle = 0;
  let total = 0;
  for (const { times } of cpus()) {
    idle += times.idle;
    total += times.user + times.nice + times.sys + times.idle + times.irq;
  }
  return { idle, total };
}

/** Linux counts file caches as used; MemAvailable is what a user means by free. */
async function availableMemory(): Promise<number> {
  if (platform() !== "linux") return freemem();
  const text = await readFile("/proc/meminfo", "utf8").catch(() => "");
  const kilobytes = /^MemAvailable:\s+(\d+) kB/m.exec(text)?.[1];
  return kilobytes === undefined ? freemem() : Number(kilobytes) * 1024;
}

async function readDisks(folders: readonly string[]): Promise<Machine["disks"]> {
  const seen = new Set<string>();
  const disks: Machine["disks"] = [];
  for (const mount of folders) {
    const facts = await statfs(mount).catch(() => null);
    if (!facts) continue;
    const totalBytes = facts.blocks * facts.bsize;
    const key = `${totalBytes}:${facts.bfree}`;
    if (seen.has(key)) continue;
    seen.add(key);
    disks.push({ mount, totalBytes, usedBytes: totalBytes - facts.bavail * facts.bsize });
  }
  return disks;
}

/** The hottest thermal zone of the kernel, in °C. Other systems have no file for it: `null`. */
async function readTemperature(): Promise<number | null> {
  const readings = await Promise.all(
    Array.from({ length: 8 }, async (_, zone) => {
      const text = await readFile(`/sys/class/thermal/thermal_zone${zone}/temp`, "utf8").catch(() => "");
      return text === "" ? Number.NaN : Number(text) / 1000;
    }),
  );
  const plausible = readings.filter((value) => value > 0 && value < 150);
  return plausible.length === 0 ? null : Math.round(Math.max(...plausible) * 10) / 10;
}
