// What was tried out, and whether it made a difference: by intervals that stay valid however often one looks.

import { Panel } from "../parts/panel";
import type { Table } from "../parts/table";
import { useQuery } from "../state/queries";
import { part, scopeOf } from "../state/view";
import { t } from "../text";
import { changed, shown } from "../text/format";
import type { Context } from "./context";

interface Variant {
  variant: string;
  sessions: number;
  conversions: number;
  rate: number | null;
  low: number | null;
  high: number | null;
  difference: number | null;
  difference_low: number | null;
  difference_high: number | null;
  p_value: number | null;
  warning: string | null;
}

interface Experiment {
  experiment: string;
  variants: Variant[];
}

const SURE = 0.05;

export function ExperimentsPanel({ context }: { context: Context }) {
  const answer = useQuery<Experiment[]>("getExperiments", scopeOf(context.view));
  const list = answer.data ?? [];
  if (!answer.data || list.length === 0) return <Panel title={t("experiments")} answer={answer} empty={t("noExperiments")} height={120} />;
  return <>{list.map((each) => <One key={each.experiment} experiment={each} />)}</>;
}

function verdict(variants: Variant[]): string {
  const sure = variants.filter(({ p_value: p }) => p !== null && p < SURE);
  if (sure.length === 0) return t("undecided");
  const best = [...sure].sort((a, b) => (b.difference ?? 0) - (a.difference ?? 0))[0]!;
  return t((best.difference ?? 0) > 0 ? "better" : "worse", { variant: best.variant });
}

function One({ experiment: { experiment, variants } }: { experiment: Experiment }) {
  const span = (low: number | null, high: number | null) =>
    low === null || high === null ? t("unknown") : `${shown(low, "rate")} – ${shown(high, "rate")}`;
  const points = (low: number | null, high: number | null) =>
    low === null || high === null ? "" : `${changed(low, "rate")} – ${changed(high, "rate")}`;
  const table: Table = {
    opens: (r) => ({ open: "variant", within: part(experiment, variants[r]!.variant) }),
    columns: [
      { title: t("variant"), kind: "text" }, { title: t("sessions"), kind: "count" }, { title: t("bookedOnes"), kind: "count" },
      { title: t("conversion"), kind: "rate" }, { title: t("interval"), kind: "text" }, { title: t("difference"), kind: "text" },
    ],
    rows: variants.map((each) => [
      each.variant, each.sessions, each.conversions, each.rate, span(each.low, each.high), points(each.difference_low, each.difference_high),
    ]),
  };
  const warning = variants.some((each) => each.warning);
  return (
    <Panel title={t("experimentNamed", { name: experiment })} note={t("last90")} table={table}
      aside={<span class="quiet">{verdict(variants)}{warning && ` · ${t("sizesDiffer")}`}</span>} />
  );
}
