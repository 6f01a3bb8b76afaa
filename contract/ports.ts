/** Default of `PORTOS_BASE_PORT`; all seven ports move together with it. */
export const defaultBasePort = 5554;

/** Ports of the six processes, as offsets from the base port. */
export const portOffsets = {
  server: 0,
  ui: 1,
  cdp: 2,
  browserHealth: 3,
  cos: 4,
  autofixer: 5,
  autofixerUi: 6,
} as const;

export type PortName = keyof typeof portOffsets;
export type Ports = Record<PortName, number>;

/** All seven ports for one base port. */
export function portsFrom(basePort: number): Ports {
  return Object.fromEntries(Object.entries(portOffsets).map(([name, offset]) => [name, basePort + offset])) as Ports;
}

/** PM2 names of the six processes, in start order. */
export const processNames = [
  "portos-server",
  "portos-ui",
  "portos-browser",
  "portos-cos",
  "portos-autofixer",
  "portos-autofixer-ui",
] as const;
export type ProcessName = (typeof processNames)[number];
