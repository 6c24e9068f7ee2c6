const PATHS = {
  left: "M10 3.5 5.5 8l4.5 4.5",
  right: "M6 3.5 10.5 8 6 12.5",
  table: "M2.5 3.5h11v9h-11zM2.5 6.5h11M2.5 9.5h11M6.5 6.5v6",
  download: "M8 2.5v7.5m0 0 3-3m-3 3-3-3M3 13h10",
  image: "M2.5 3h11v10h-11zM3 11l3-3.5 2.5 2.5 2-2 3 3M10.5 6h.01",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  play: "M5 3.5v9l7-4.5z",
  close: "m4 4 8 8m0-8-8 8",
  help: "M6 6a2 2 0 1 1 3 1.8c-.7.4-1 .8-1 1.5M8 12h.01M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0",
  sun: "M8 5.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6M8 1.5v1.3m0 10.4v1.3M1.5 8h1.3m10.4 0h1.3M3.4 3.4l.9.9m7.4 7.4.9.9m0-9.2-.9.9M4.3 11.7l-.9.9",
  moon: "M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5",
  out: "M6.5 13.5h-4v-11h4M6 8h7.5m0 0-3-3m3 3-3 3",
  filter: "M2 4h12M4.5 8h7M7 12h2",
  share: "M8 9.5V2.5m0 0-2.5 2.5M8 2.5l2.5 2.5M4.5 7.5h-1v6h9v-6h-1",
} as const;

export type IconName = keyof typeof PATHS;

/** A sign beside or instead of words; its button has the name. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
