import { url } from "../lib/api.ts";
import classes from "./app-icon.module.css";

interface AppIconProps {
  app: { id: string; name: string; iconVersion: string | null };
  size?: number;
}

/** Icon of an app's project, or the first letter of its name on a colour of its own. */
export function AppIcon({ app, size = 32 }: AppIconProps) {
  const { id, name, iconVersion } = app;
  if (iconVersion !== null) {
    return (
      <img
        className={classes["image"]}
        src={url("apps.icon", { params: { id }, query: { v: iconVersion } })}
        width={size}
        height={size}
        alt=""
        loading="lazy"
      />
    );
  }
  return (
    <span
      className={classes["letter"]}
      style={{ width: size, height: size, fontSize: size * 0.44, "--hue": String(hueOf(id)) } as React.CSSProperties}
      aria-hidden="true"
    >
      {name.trim().charAt(0).toUpperCase()}
    </span>
  );
}

/** A hue that stays the same for an id, spread over the circle. */
export function hueOf(id: string): number {
  let hash = 0;
  for (const character of id) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 9973;
  return (hash * 47) % 360;
}
