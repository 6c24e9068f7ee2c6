// Why: two things at once: weekday and hour, cohort and month. Guarantees: the darker a cell the more; each holds its number
// where there is room, and tells it to whoever points at it; a cell that is not known is empty, not light.

import { useState } from "preact/hooks";
import { Tip } from "./tip";
import { useWidth } from "./width";

export interface GridProps {
  label: string;
  rows: string[];
  columns: string[];
  values: (number | null)[][];
  /** How a value is written in a cell, and in full. */
  write: (value: number) => string;
  tell?: (row: number, column: number) => string;
  /** The value of the darkest cell; the largest there is. */
  most?: number;
  rowHeight?: number;
  /** Opens a cell: by a click on it, or by Enter. */
  onOpen?: (row: number, column: number) => void;
}

const TOP = 20;
const SHADES = 8;

export function GridChart({ label, rows, columns, values, write, tell, most, rowHeight = 26, onOpen }: GridProps) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const [at, setAt] = useState<[number, number] | null>(null);
  const left = 16 + 7.2 * Math.max(...rows.map(({ length }) => length), 2);
  const step = (width - left) / columns.length;
  const height = TOP + rows.length * rowHeight;
  const top = most ?? Math.max(...values.flat().map((value) => value ?? 0), 0);
  const every = Math.max(1, Math.ceil((7 * Math.max(...columns.map(({ length }) => length)) + 6) / Math.max(step, 1)));
  const shade = (value: number) => (value <= 0 || top <= 0 ? 0 : Math.max(1, Math.ceil((Math.min(value, top) / top) * SHADES)));
  const room = step > 30;

  const move = (row: number, column: number) =>
    setAt([Math.max(0, Math.min(rows.length - 1, row)), Math.max(0, Math.min(columns.length - 1, column))]);
  const onKeyDown = (event: KeyboardEvent) => {
    const [row, column] = at ?? [0, -1];
    if (event.key === "ArrowLeft") move(row, column - 1);
    else if (event.key === "ArrowRight") move(row, column + 1);
    else if (event.key === "ArrowUp") move(row - 1, Math.max(column, 0));
    else if (event.key === "ArrowDown") move(row + 1, Math.max(column, 0));
    else if (event.key === "Enter" && at) open();
    else if (event.key === "Escape" && at) setAt(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  /** What is not known has nothing behind it. */
  const open = () => {
    if (at && values[at[0]]?.[at[1]] != null) onOpen?.(...at);
  };
  const onPointerMove = (event: PointerEvent) => {
    const box = ref.current!.getBoundingClientRect();
    const [column, row] = [(event.clientX - box.left - left) / step, (event.clientY - box.top - TOP) / rowHeight];
    if (column < 0 || row < 0 || row >= rows.length) setAt(null);
    else move(Math.floor(row), Math.floor(column));
  };

  const value = at && values[at[0]]?.[at[1]];
  return (
    <div class={onOpen ? "chart opens" : "chart"} ref={ref} role="group" aria-label={label} tabIndex={0} onKeyDown={onKeyDown} onBlur={() => setAt(null)}
      onClick={onOpen && open}
      onPointerMove={onPointerMove} onPointerLeave={() => setAt(null)}>
      <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
        {width > 0 && (
          <>
            {columns.map((name, i) => i % every === 0 && (
              <text class="tick" key={i} x={left + step * (i + 0.5)} y={12} text-anchor="middle">{name}</text>
            ))}
            {rows.map((name, r) => (
              <text class="tick" key={r} x={left - 10} y={TOP + rowHeight * (r + 0.5)} text-anchor="end" dominant-baseline="central">{name}</text>
            ))}
            {values.map((line, r) => line.map((each, c) => each !== null && (
              <g key={`${r} ${c}`} class={`cell s-${shade(each)}`}>
                <rect x={left + step * c + 1} y={TOP + rowHeight * r + 1} width={Math.max(step - 2, 1)} height={rowHeight - 2} rx={3} />
                {room && (
                  <text x={left + step * (c + 0.5)} y={TOP + rowHeight * (r + 0.5)} text-anchor="middle" dominant-baseline="central">{write(each)}</text>
                )}
              </g>
            )))}
            {at && <rect class="ring" x={left + step * at[1] + 1} y={TOP + rowHeight * at[0] + 1} width={Math.max(step - 2, 1)} height={rowHeight - 2} rx={3} />}
          </>
        )}
      </svg>
      {at && value !== null && value !== undefined && (
        <Tip x={left + step * (at[1] + 0.5)} width={width} title={`${rows[at[0]]} · ${columns[at[1]]}`}>
          <div><span>{tell ? tell(at[0], at[1]) : write(value)}</span></div>
        </Tip>
      )}
    </div>
  );
}
