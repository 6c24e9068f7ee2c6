import type { ComponentChildren } from "preact";

/** What the pointer or the arrow keys are at, beside it and within the chart; read aloud as it changes. */
export function Tip({ x, width, title, children }: { x: number; width: number; title: string; children: ComponentChildren }) {
  const right = x > width / 2;
  return (
    <div class="tip" role="status" style={right ? { right: `${width - x + 12}px` } : { left: `${x + 12}px` }}>
      <strong>{title}</strong>
      {children}
    </div>
  );
}
