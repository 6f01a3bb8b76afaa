import type { Machine } from "../../../contract/features/system.ts";
import { formatBytes, formatPercent } from "../lib/format.ts";
import { distinctDisks } from "./distinct-disks.ts";
import { Facts } from "./facts.tsx";
import { Meter } from "./meter.tsx";
import classes from "./machine-meters.module.css";

const maxDisks = 4;

/** CPU, memory and disks of the machine as bars; load and temperature in words, where known. */
export function MachineMeters({ machine }: { machine: Machine }) {
  const { cpuPercent, cpuCount, memoryUsedBytes, memoryTotalBytes, disks, loadAverage, temperatureCelsius } = machine;
  return (
    <div className={classes["meters"]}>
      <Meter
        label={`CPU, ${String(cpuCount)} ${cpuCount === 1 ? "core" : "cores"}`}
        percent={cpuPercent}
        text={formatPercent(cpuPercent)}
      />
      <Meter
        label="Memory"
        percent={share(memoryUsedBytes, memoryTotalBytes)}
        text={`${formatBytes(memoryUsedBytes)} of ${formatBytes(memoryTotalBytes)}`}
      />
      {distinctDisks(disks)
        .slice(0, maxDisks)
        .map((disk) => (
          <Meter
            key={disk.mount}
            label={disk.mount === "/" ? "Disk" : `Disk ${disk.mount}`}
            percent={share(disk.usedBytes, disk.totalBytes)}
            text={`${formatBytes(disk.usedBytes)} of ${formatBytes(disk.totalBytes)}`}
          />
        ))}
      <Facts
        items={[
          ["Load", loadAverage.map((value) => value.toFixed(2)).join(" · ")],
          ...(temperatureCelsius === null
            ? []
            : [["Temperature", `${String(Math.round(temperatureCelsius))} °C`] as const]),
        ]}
      />
    </div>
  );
}

function share(used: number, total: number): number {
  return total === 0 ? 0 : (used / total) * 100;
}
