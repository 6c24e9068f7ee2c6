// The way from the first page to the booking: how many, where from, which way, and what was tried out.

import { useState } from "preact/hooks";
import { FlowChart } from "../charts/flow";
import { SeriesChart } from "../charts/series";
import { Panel } from "../parts/panel";
import { Ranked } from "../parts/ranked";
import type { Opening, Table } from "../parts/table";
import { figureOf } from "../state/figures";
import { useQuery } from "../state/queries";
import { go, inputOf, part } from "../state/view";
import { t } from "../text";
import { shown } from "../text/format";
import { originName, stepName } from "../text/names";
import { noteOf, seriesOfMetrics, type Context } from "./context";
import { ExperimentsPanel } from "./experiments";
import { FunnelPanel } from "./funnel_panel";
import { Tiles } from "./tiles";

const FIGURES = ["visitors", "sessions", "conversion_rate", "session_conversion", "time_to_convert_p50", "claim_gap"];
const WAYS = ["source", "medium", "campaign", "referrer"] as const;

export function Funnel({ context }: { context: Context }) {
  const visits = seriesOfMetrics(context, [{ metric: "funnel_viewed", type: "bar", color: "6" }, { metric: "funnel_booked", type: "line", color: "good" }], "count");
  const none = !figureOf(context.dashboard, "funnel_viewed")?.value;
  return (
    <>
      <Tiles context={context} figures={FIGURES} />
      <div class="panels">
        <FunnelPanel context={context} />
        <Panel title={t("visits")} note={noteOf(context)} table={visits.table} legend={visits.legend} empty={none ? t("noVisits") : null}>
          <SeriesChart label={t("visits")} {...visits.chart} height={290} />
        </Panel>
        <Journeys context={context} />
        <Sources context={context} />
        <ExperimentsPanel context={context} />
      </div>
    </>
  );
}

interface Journey {
  step: number;
  from_event: string;
  to_event: string;
  sessions: number;
}

const isEnd = (name: string) => name === "(left)";

function Journeys({ context }: { context: Context }) {
  const answer = useQuery<Journey[]>("getJourneys", { ...inputOf(context.view), steps: 6 });
  const rows = answer.data ?? [];
  const opening = (i: number): Opening => ({ open: "journey", within: part(rows[i]!.step, rows[i]!.from_event, rows[i]!.to_event) });
  const table: Table = {
    opens: (r, c) => (c === 3 ? opening(r) : null),
    columns: [{ title: t("step"), kind: "count" }, { title: t("from"), kind: "text" }, { title: t("to"), kind: "text" }, { title: t("sessions"), kind: "count" }],
    rows: rows.map(({ step, from_event: from, to_event: to, sessions }) => [step, stepName(from), stepName(to), sessions]),
  };
  return (
    <Panel wide title={t("journeys")} note={noteOf(context)} table={table} answer={answer} height={320} empty={answer.data && rows.length === 0 ? t("noVisits") : null}>
      <FlowChart label={t("journeys")} isEnd={isEnd} nameOf={stepName} write={(value) => shown(value, "count")} onOpen={(i) => go(opening(i))}
        streams={rows.map(({ step, from_event: from, to_event: to, sessions: value }) => ({ step, from, to, value }))} />
    </Panel>
  );
}

function Sources({ context }: { context: Context }) {
  const [by, setBy] = useState<(typeof WAYS)[number]>("source");
  const answer = useQuery<{ origin: string; sessions: number; booked: number; conversion: number | null }[]>("getTrafficSources", { ...inputOf(context.view), by, limit: 50 });
  const origins = answer.data ?? [];
  const table: Table = {
    columns: [
      { title: t(`by.${by}`), kind: "text" }, { title: t("sessions"), kind: "count" }, { title: t("bookedOnes"), kind: "count" },
      { title: t("conversion"), kind: "rate" },
    ],
    rows: origins.map(({ origin, sessions, booked, conversion }) => [originName(origin), sessions, booked, conversion]),
  };
  return (
    <Ranked metrics={[null, "origin", "origin", "origin"]} onOpen={(open, name) => go({ open, within: part(by, origins.find(({ origin }) => originName(origin) === name)!.origin) })} title={t("origins")} note={noteOf(context)} table={table} barOf={1} answer={answer} empty={answer.data?.length === 0 ? t("noVisits") : null}
      aside={
        <select aria-label={t("origins")} value={by} onChange={(event) => setBy(event.currentTarget.value as typeof by)}>
          {WAYS.map((way) => <option key={way} value={way}>{t(`by.${way}`)}</option>)}
        </select>
      } />
  );
}
