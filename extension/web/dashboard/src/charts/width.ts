import { useEffect, useRef, useState } from "preact/hooks";
import type { RefObject } from "preact";

/** What a page of paper has room for. */
const PAPER = 680;

/** An element, and how wide it is on screen or paper: charts are drawn for the room that they have. */
export function useWidth<T extends Element>(): [RefObject<T>, number] {
  const ref = useRef<T>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (!ref.current) return;
    setWidth(Math.floor(ref.current.getBoundingClientRect().width));
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width)));
    observer.observe(ref.current);
    const onPrint = () => setWidth((now) => Math.min(now, PAPER));
    const onPrinted = () => setWidth(Math.floor(ref.current!.getBoundingClientRect().width));
    addEventListener("beforeprint", onPrint);
    addEventListener("afterprint", onPrinted);
    return () => {
      observer.disconnect();
      removeEventListener("beforeprint", onPrint);
      removeEventListener("afterprint", onPrinted);
    };
  }, []);
  return [ref, width];
}
