/** Ports that belong to one worktree: the first one is given as PORT, the rest are for what else it starts. */
export const portsPerLease = 10;

/** Below what Linux gives to outgoing connections, above what programs listen on by habit. */
const firstPort = 24_000;
const lastPort = 29_990;

/** The first port of a free block, `null` when there is none. `taken` are first ports of other leases, `listening` ports somebody listens on. */
export function choosePorts(taken: readonly number[], listening: readonly number[]): number | null {
  const busy = new Set(listening);
  const leased = new Set(taken);
  for (let port = firstPort; port <= lastPort; port += portsPerLease) {
    const block = Array.from({ length: portsPerLease }, (_, at) => port + at);
    if (!leased.has(port) && !block.some((one) => busy.has(one))) return port;
  }
  return null;
}
