// Why: which way visitors went, and where they left. Guarantees: widths are to scale; each stream tells its number; streams
// that end in leaving look it.

import { sankey, sankeyLinkHorizontal, sankeyLeft, type SankeyGraph } from "d3-sankey";
import { useState } from "preact/hooks";
import { useEdges } from "../parts/scroll";
import { Tip } from "./tip";
import { useWidth } from "./width";

export interface Stream {
  step: number;
  from: string;
  to: string;
  value: number;
}

interface Place {
  id: string;
  name: string;
  end: boolean;
}
interface Way {
  value: number;
  end: boolean;
}

const HEIGHT = 320;
const COLUMN = 150;

function graphOf(streams: Stream[], width: number, isEnd: (name: string) => boolean): SankeyGraph<Place, Way> {
  const places = new Map<string, Place>();
  const place = (step: number, name: string) => {
    const id = `${step} ${name}`;
    if (!places.has(id)) places.set(id, { id, name, end: isEnd(name) });
    return id;
  };
  const links = streams.map(({ step, from, to, value }) => ({
    source: place(step, from), target: place(step + 1, to), value, end: isEnd(to),
  }));
  return sankey<Place, Way>()
    .nodeId(({ id }) => id)
    .nodeAlign(sankeyLeft)
    .nodeWidth(8)
    .nodePadding(22)
    .extent([[1, 14], [width - 1, HEIGHT - 6]])({ nodes: [...places.values()], links } as never);
}

export interface FlowProps {
  label: string;
  streams: Stream[];
  isEnd: (name: string) => boolean;
  nameOf: (name: string) => string;
  write: (value: number) => string;
  /** Opens a stream: by a click on it, or by Enter. */
  onOpen?: (stream: number) => void;
}

export function FlowChart({ label, streams, isEnd, nameOf, write, onOpen }: FlowProps) {
  const [ref, room] = useWidth<HTMLDivElement>();
  const edges = useEdges(ref);
  const [at, setAt] = useState<number | null>(null);
  const width = Math.max(room, COLUMN * (Math.max(0, ...streams.map(({ step }) => step)) + 0.5));
  const { nodes, links } = graphOf(streams, width, isEnd);
  const path = sankeyLinkHorizontal<Place, Way>();
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowRight") setAt(at === null ? 0 : Math.min(links.length - 1, at + 1));
    else if (event.key === "ArrowLeft") setAt(at === null ? links.length - 1 : Math.max(0, at - 1));
    else if (event.key === "Enter" && at !== null && onOpen) onOpen(at);
    else if (event.key === "Escape" && at !== null) setAt(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const link = at === null ? null : links[at];
  const end = (side: unknown) => nameOf((side as Place).name);
  return (
    <div class="edges" data-more={edges}>
      <div class={onOpen ? "chart scroll opens" : "chart scroll"} ref={ref} role="group" aria-label={label} tabIndex={0} onKeyDown={onKeyDown}
        onBlur={() => setAt(null)} onPointerLeave={() => setAt(null)}>
        <svg width={width} height={HEIGHT} viewBox={`0 0 ${width} ${HEIGHT}`} aria-hidden="true">
          {room > 0 && links.map((each, i) => (
            <path key={i} class={`stream ${each.end ? "end" : ""} ${i === at ? "at" : ""}`} d={path(each) ?? ""}
              stroke-width={Math.max(1, each.width ?? 1)} onPointerEnter={() => setAt(i)} onClick={onOpen && (() => onOpen(i))} />
          ))}
          {room > 0 && nodes.map((node) => (
            <g key={node.id} class={`place ${node.end ? "end" : ""}`}>
              <rect x={node.x0} y={node.y0} width={node.x1! - node.x0!} height={Math.max(1, node.y1! - node.y0!)} rx={2} />
              <text x={node.x0! < width - 120 ? node.x0 : node.x1} y={node.x0! < width - 120 ? node.y0! - 5 : node.y1! + 13} text-anchor={node.x0! < width - 120 ? "start" : "end"}>
                {nameOf(node.name)} <tspan class="count">{write(node.value ?? 0)}</tspan>
              </text>
            </g>
          ))}
        </svg>
        {link && (
          <Tip x={((link.source as { x1?: number }).x1! + (link.target as { x0?: number }).x0!) / 2} width={width}
            title={`${end(link.source)} → ${end(link.target)}`}>
            <div><b>{write(link.value)}</b></div>
          </Tip>
        )}
      </div>
    </div>
  );
}
