import { Drawer } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import type { ReactNode } from "react";

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
  body: { ...surface, flex: "1 0 auto" },
} as const;

/** A panel over the page: from the right on a wide screen, from the bottom on a phone. */
export function SideSheet({ title, isOpen, onClose, children, width = 420 }: SideSheetProps) {
  const isPhone = useMediaQuery("(max-width: 47.99em)", undefined, { getInitialValueInEffect: false });
  return (
    <Drawer
      opened={isOpen}
      onClose={onClose}
      title={title}
      position={isPhone ? "bottom" : "right"}
      size={isPhone ? "85%" : width}
      styles={{
        title: { flex: 1, fontWeight: 600, lineHeight: 1.35, overflowWrap: "anywhere" },
        ...(isPhone ? fromBelow : fromTheRight),
      }}
    >
      {children}
    </Drawer>
  );
}
