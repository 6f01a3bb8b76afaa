interface Box {
  width: number;
  height: number;
}

const gap = 4;
const edge = 8;

/** Upper left corner of a menu under its button, right edges aligned, turned over or pushed in where it would not fit. */
export function menuPlace(
  anchor: { left: number; right: number; top: number; bottom: number },
  menu: Box,
  view: Box,
): { left: number; top: number } {
  const fitsLeft = anchor.right - menu.width >= edge;
  const wanted = fitsLeft ? anchor.right - menu.width : anchor.left;
  const left = Math.max(edge, Math.min(wanted, view.width - menu.width - edge));
  const below = anchor.bottom + gap;
  const fitsBelow = below + menu.height + edge <= view.height;
  const top = fitsBelow ? below : Math.max(edge, anchor.top - gap - menu.height);
  return { left, top };
}
