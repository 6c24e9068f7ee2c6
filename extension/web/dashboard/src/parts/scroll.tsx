// Why: what is wider or longer than its place has to be seen to go on. Guarantees: an edge beyond which there is more is shaded
// until it is reached; what can be moved can be reached and moved by keys, under a name; what can't is no stop on the way.

import type { ComponentChildren, RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

const EDGES = ["left", "right", "top", "bottom"] as const;
/** Parts of pixels are nothing to see. */
const LEAST = 2;

/** Beyond which of its edges there is more of an element. */
function hidden(at: HTMLElement): string {
  const beyond = [at.scrollLeft, at.scrollWidth - at.clientWidth - at.scrollLeft, at.scrollTop, at.scrollHeight - at.clientHeight - at.scrollTop];
  return EDGES.filter((_, i) => beyond[i]! >= LEAST).join(" ");
}

/** The same, as it is moved, drawn anew, and as its size changes. */
export function useEdges(ref: RefObject<HTMLElement>): string {
  const [edges, setEdges] = useState("");
  useLayoutEffect(() => {
    const at = ref.current!;
    const look = () => setEdges(hidden(at));
    const observer = new ResizeObserver(look);
    observer.observe(at);
    at.addEventListener("scroll", look, { passive: true });
    return () => {
      observer.disconnect();
      at.removeEventListener("scroll", look);
    };
  }, []);
  useLayoutEffect(() => setEdges(hidden(ref.current!)));
  return edges;
}

export function Scroll({ label, class: name = "", children }: { label: string; class?: string; children: ComponentChildren }) {
  const ref = useRef<HTMLDivElement>(null);
  const edges = useEdges(ref);
  return (
    <div class="edges" data-more={edges}>
      <div class={`scroll ${name}`} ref={ref} {...(edges && { tabIndex: 0, role: "region", "aria-label": label })}>{children}</div>
    </div>
  );
}
