// Why: what the procedures answer, in one place. Money is in minor units by currency; NULL is what is not known.

export type Unit = "count" | "rate" | "minutes" | "seconds" | "milliseconds" | "hops" | "money";

export interface Figure {
  value: number | null;
  numerator: number | null;
  denominator: number | null;
  previous: number | null;
  previous_numerator: number | null;
  previous_denominator: number | null;
  change: number | null;
}

export type ByCurrency<T> = Record<string, T>;

export interface Period {
  name: string;
  from: string;
  to: string;
  cut_at: string;
}

/** A row of services or hosts. What there was nothing of is left out. */
export interface Ranked {
  name: string;
  created?: number;
  completed?: number;
  cancelled?: number;
  no_show?: number;
  cancellation_rate?: number | null;
  no_show_rate?: number | null;
  booked_minutes?: number;
  booked_value?: ByCurrency<number>;
  average_ticket?: ByCurrency<number | null>;
  revenue_per_booked_hour?: ByCurrency<number | null>;
  new_customers?: number;
  returning_customers?: number;
}

export type Column = (number | null)[];

export interface Series {
  unit: "hour" | "day" | "week" | "month";
  starts_at: string[];
  [metric: string]: Column | ByCurrency<Column> | string[] | string;
}

export interface FunnelStep {
  name: string;
  sessions: number;
  previous: number | null;
  conversion: number | null;
  overall_conversion: number | null;
}

/** cal.dashboard. */
export interface Dashboard {
  source: string;
  time_zone: string;
  currency: string | null;
  as_of: string;
  period: Period;
  previous: Period;
  last_webhook_at: string | null;
  last_webhook_age_s: number | null;
  figures: Record<string, Figure | ByCurrency<Figure>>;
  series: Series;
  services: Ranked[];
  hosts: Ranked[];
  heatmap: number[][];
  lead_times: { from_minutes: number[]; bookings: number[] };
  funnel: { steps: FunnelStep[]; pending: number; median_s: number | null; mean_ms: number | null };
  sources: { name: string; sessions: number; booked: number; conversion: number | null }[];
}

/** cal.metric. */
export interface Metric {
  metric: string;
  title: string;
  unit: Unit;
  formula: string;
  default_basis: string;
  bases: string[];
  additive: boolean;
  per_currency: boolean;
  numerator: string | null;
  denominator: string | null;
  window: string;
}

/** Who is asking. */
export interface Caller {
  authenticated: boolean;
  role: "admin" | "reader" | null;
  how: string | null;
  label: string | null;
  sources: string[] | null;
  /** Which alone a shared link shows. */
  service?: string | null;
  host?: string | null;
}
