import type { FunctionComponent, SVGProps } from "react";

export interface IconProps extends Omit<SVGProps<SVGSVGElement>, "stroke"> {
  /** Width and height, 24 px by default. */
  size?: number | string;
  /** Width of the lines at 24 px, 2 by default. */
  stroke?: number | string;
}

export type IconComponent = FunctionComponent<IconProps>;

/** An icon of lines (or of filled shapes) on a grid of 24 by 24; hidden from screen readers unless it is given a label. */
export function createIcon(name: string, paths: readonly string[], isFilled = false): IconComponent {
  return function Icon({ size = 24, stroke = 2, className, ...rest }) {
    const isLabelled = rest["aria-label"] !== undefined;
    return (
      <svg
        xmlns="http://www.w3.org/2000/svg"
        width={size}
        height={size}
        viewBox="0 0 24 24"
        fill={isFilled ? "currentColor" : "none"}
        stroke={isFilled ? "none" : "currentColor"}
        strokeWidth={stroke}
        strokeLinecap="round"
        strokeLinejoin="round"
        className={`icon-${name}${className ? ` ${className}` : ""}`}
        {...(isLabelled ? { role: "img" } : { "aria-hidden": true })}
        {...rest}
      >
        {paths.map((path) => (
          <path key={path} d={path} />
        ))}
      </svg>
    );
  };
}
