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
        content: isPhone
          ? { background: "var(--surface)", borderRadius: "14px 14px 0 0" }
          : { background: "var(--surface)", borderLeft: "1px solid var(--border)" },
        header: { background: "var(--surface)" },
      }}
    >
      {children}
    </Drawer>
  );
}
