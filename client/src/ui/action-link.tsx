import { Button, type ButtonProps } from "@mantine/core";
import { Link, type LinkProps } from "@tanstack/react-router";
import type { ReactNode } from "react";

type ActionLinkProps = Pick<LinkProps, "to" | "params" | "search"> &
  ButtonProps & {
    /** Address instead of `to`, for links the server made. Addresses of this panel only. */
    href?: string;
    children: ReactNode;
    "aria-label"?: string;
  };

/** A link to a page of the panel that looks like a button. */
export function ActionLink({ to, params, search, href, children, ...button }: ActionLinkProps) {
  const target: LinkProps = href === undefined ? ({ to, params, search } as LinkProps) : ({ href } as LinkProps);
  return (
    <Button {...button} renderRoot={(props: Record<string, unknown>) => <Link {...target} {...props} />}>
      {children}
    </Button>
  );
}
