import type { ReactNode } from "react";

import classes from "./data-table.module.css";

/** One column. On a phone each row is a card: the `isMain` cell is its heading, the others follow with their label. */
export interface Column<Row> {
  readonly id: string;
  readonly header: string;
  readonly cell: (row: Row) => ReactNode;
  readonly align?: "left" | "right";
  /** CSS width on a wide screen. */
  readonly width?: string;
  readonly isMain?: boolean;
  /** On a phone without label: what is in it says what it is. */
  readonly isUnlabelled?: boolean;
  /** Actions: without label, at the end of the card. */
  readonly isActions?: boolean;
  /** On a phone without label, in one row with the other such cells under the heading: statuses, times. */
  readonly isInline?: boolean;
  /** Not worth its place on a phone. */
  readonly isWideOnly?: boolean;
}

interface DataTableProps<Row> {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  onRowClick?: (row: Row) => void;
  isRowSelected?: (row: Row) => boolean;
}

/** A dense table that turns into cards on a phone. Loading, empty and error states are the page's. */
export function DataTable<Row>({ label, columns, rows, rowKey, onRowClick, isRowSelected }: DataTableProps<Row>) {
  return (
    <div className={classes["wrap"]}>
      <table className={classes["table"]} aria-label={label} role="table">
        <thead role="rowgroup">
          <tr role="row">
            {columns.map((column) => (
              <th
                key={column.id}
                role="columnheader"
                scope="col"
                style={{ width: column.width, textAlign: column.align }}
                data-wide={column.isWideOnly || undefined}
              >
                {column.isActions === true ? <span className="visually-hidden">{column.header}</span> : column.header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => (
            <tr
              key={rowKey(row)}
              role="row"
              data-clickable={onRowClick !== undefined || undefined}
              data-selected={isRowSelected?.(row) === true || undefined}
              onClick={(event) => {
                const isControl =
                  event.target instanceof Element && event.target.closest("a,button,input,label") !== null;
                if (!isControl) onRowClick?.(row);
              }}
            >
              {columns.map((column) => (
                <td
                  key={column.id}
                  role="cell"
                  data-label={column.header}
                  data-main={column.isMain || undefined}
                  data-inline={column.isInline || undefined}
                  data-actions={column.isActions || undefined}
                  data-unlabelled={column.isUnlabelled || undefined}
                  data-wide={column.isWideOnly || undefined}
                  data-align={column.align}
                  style={{ textAlign: column.align }}
                >
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
