import { encode } from "uqr";

const quietZone = 2;

/** A QR code, dark on light in both themes because scanners expect that. */
export function QrCode({ text, label, size = 168 }: { text: string; label: string; size?: number }) {
  const { size: modules, data } = encode(text, { border: quietZone });
  const path = data
    .flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${String(x)} ${String(y)}h1v1h-1z` : "")))
    .join("");
  return (
    <svg
      role="img"
      aria-label={label}
      width={size}
      height={size}
      viewBox={`0 0 ${String(modules)} ${String(modules)}`}
      shapeRendering="crispEdges"
      style={{ background: "white", borderRadius: 8 }}
    >
      <path d={path} fill="black" />
    </svg>
  );
}
