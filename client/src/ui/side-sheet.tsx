import { createTheme, Drawer, MantineThemeProvider, type ComboboxProps } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import type { ReactNode } from "react";

import { useObservable } from "../lib/observable.ts";
import { openConfirmation } from "./confirm.ts";

interface SideSheetProps {
  title: ReactNode;
  isOpen: boolean;
  onClose: () => void;
  children: ReactNode;
  /** Width on a wide screen, in pixels. */
  width?: number;
}

const surface = { background: "var(--surface)" };
const fromTheRight = { content: { ...surface, borderLeft: "1px solid var(--border)" }, header: surface };
const rounded = "14px 14px 0 0";
/** What scrolls has no background of its own: with something that turns in it, its round corners would not be seen through. */
const fromBelow = {
  content: { display: "flex", flexDirection: "column", background: "none", borderRadius: rounded },
  header: { ...surface, flex: "none", borderRadius: rounded },
  // Lists are placed in it, and so scroll with what they belong to.
  body: { ...surface, flex: "1 0 auto", position: "relative" },
} as const;

/**
 * In a sheet from below, lists stay under their field: put over the page they would be measured against a window that shrinks and
 * grows with the keyboard, jump to the other side of the field and close.
 */
const steadyLists = {
  shadow: "none",
  withinPortal: false,
  hideDetached: false,
  position: "bottom-start",
  middlewares: { flip: false, shift: false },
  transitionProps: { duration: 0 },
} satisfies ComboboxProps;
const steady = { defaultProps: { comboboxProps: steadyLists } };
const phoneTheme = createTheme({ components: { Select: steady, MultiSelect: steady, Autocomplete: steady } });

/** A panel over the page: from the right on a wide screen, from the bottom on a phone. */
export function SideSheet({ title, isOpen, onClose, children, width = 420 }: SideSheetProps) {
  const isPhone = useMediaQuery("(max-width: 47.99em)", undefined, { getInitialValueInEffect: false });
  const isAsked = useObservable(openConfirmation) !== null;
  return (
    <Drawer
      opened={isOpen}
      // A question over it is answered first.
      closeOnEscape={!isAsked}
      onClose={onClose}
      title={title}
      position={isPhone ? "bottom" : "right"}
      size={isPhone ? "85%" : width}
      styles={{
        title: { flex: 1, fontWeight: 600, lineHeight: 1.35, overflowWrap: "anywhere" },
        ...(isPhone ? fromBelow : fromTheRight),
      }}
    >
      {isPhone ? <MantineThemeProvider theme={phoneTheme}>{children}</MantineThemeProvider> : children}
    </Drawer>
  );
}
