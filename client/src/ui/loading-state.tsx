import classes from "./loading-state.module.css";

/** Grey shapes as high as what they stand for, so that nothing jumps when it arrives. */
export function LoadingState({
  rows = 4,
  rowHeight = 44,
  label = "Loading",
}: {
  rows?: number;
  rowHeight?: number;
  label?: string;
}) {
  return (
    <div role="status" className={classes["list"]}>
      <span className="visually-hidden">{label}</span>
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} className={classes["row"]} style={{ height: rowHeight }} />
      ))}
    </div>
  );
}
