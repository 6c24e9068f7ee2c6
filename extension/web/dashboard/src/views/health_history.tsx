// What came in over the last day, by what became of it.

import { SeriesChart, type Mark } from "../charts/series";
import { Panel } from "../parts/panel";
import type { Table } from "../parts/table";
import { useQuery } from "../state/queries";
import { go, part } from "../state/view";
import { t } from "../text";
import { clock, time } from "../text/format";
import { outcomeName } from "../text/names";

interface Sample {
  sampled_at: string;
  received: Record<string, Record<string, number>> | null;
}

const COLORS: Record<string, string> = { applied: "good", unchanged: "6", duplicate: "quiet", stored: "2", ping: "4", quarantined: "bad", unauthorized: "3" };

/** How many deliveries of each outcome between two samples, over all sources. Events of pages are not among them. */
function outcomesOf({ received }: Sample): Map<string, number> {
  const sum = new Map<string, number>();
  for (const outcomes of Object.values(received ?? {})) {
    for (const [outcome, count] of Object.entries(outcomes)) {
      if (!outcome.startsWith("event_")) sum.set(outcome, (sum.get(outcome) ?? 0) + count);
    }
  }
  return sum;
}

export function HistoryPanel() {
  const answer = useQuery<Sample[]>("getHealthHistory", {});
  const samples = answer.data ?? [];
  const counts = samples.map(outcomesOf);
  const outcomes = [...new Set(counts.flatMap((each) => [...each.keys()]))].sort();
  const marks: Mark[] = outcomes.map((outcome, i) => ({
    label: outcomeName(outcome), type: "bar", color: COLORS[outcome] ?? String((i % 8) + 1), values: counts.map((each) => each.get(outcome) ?? 0),
  }));
  const opening = (r: number, outcome: string) => {
    const from = samples[r]!.sampled_at;
    return { open: "received", within: part(outcome, from, new Date(Date.parse(from) + 15 * 60_000).toISOString()) };
  };
  const table: Table = {
    columns: [{ title: t("unit.hour"), kind: "time" }, ...marks.map(({ label }) => ({ title: label, kind: "count" as const }))],
    rows: samples.map(({ sampled_at: at }, r) => [at, ...outcomes.map((outcome) => counts[r]!.get(outcome) ?? 0)]),
    opens: (r, c) => (counts[r]!.get(outcomes[c - 1]!) ? opening(r, outcomes[c - 1]!) : null),
  };
  return (
    <Panel wide title={t("receivedOverTime")} answer={answer} table={table} height={200} empty={answer.data && outcomes.length === 0 ? t("noSamples") : null}
      legend={marks.map(({ label, color }) => ({ label, color }))}>
      <SeriesChart label={t("receivedOverTime")} names={samples.map(({ sampled_at: at }) => clock(at))} longNames={samples.map(({ sampled_at: at }) => time(at))}
        marks={marks} kind="count" height={190} onOpen={(point, mark) => go(opening(point, outcomes[mark]!))} />
    </Panel>
  );
}
