import { useEffect, useState, type RefObject } from "react";

const keyboardPixels = 120;

/** Height of an element that ends where a phone's keyboard begins; `null` while there is no keyboard. */
export function useViewportHeight(element: RefObject<HTMLElement | null>): number | null {
  const [height, setHeight] = useState<number | null>(null);
  useEffect(() => {
    const viewport = globalThis.visualViewport;
    if (!viewport) return undefined;
    const measure = (): void => {
      const top = element.current?.getBoundingClientRect().top ?? 0;
      const isOpen = document.documentElement.clientHeight - viewport.height > keyboardPixels;
      setHeight(isOpen ? Math.max(160, viewport.height + viewport.offsetTop - top) : null);
    };
    viewport.addEventListener("resize", measure);
    viewport.addEventListener("scroll", measure);
    return () => {
      viewport.removeEventListener("resize", measure);
      viewport.removeEventListener("scroll", measure);
    };
  }, [element]);
  return height;
}
