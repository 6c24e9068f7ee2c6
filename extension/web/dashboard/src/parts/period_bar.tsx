// Why: says of when, of what and of whom everything below is. Guarantees: each choice is in the address; steps go by whole
// periods in the studio's time zone; a period that is now is left unsaid, so that its link stays now.

import { useState } from "preact/hooks";
import type { Dashboard } from "../api/types";
import { useQuery } from "../state/queries";
import { BASES, dayAfter, go, PERIODS, type PeriodName, type View } from "../state/view";
import { t } from "../text";
import { localDay, range } from "../text/format";
import { Icon } from "./icon";

interface Names {
  services: { key: string; name: string; title: string }[];
  hosts: { key: string; name: string }[];
}

/** The period before or after. */
export function step(view: View, dashboard: Dashboard | null, by: -1 | 1): void {
  if (!dashboard) return;
  if (view.period === "custom") {
    const length = (Date.parse(view.to!) - Date.parse(view.from!)) / 86_400_000 + 1;
    go({ from: dayAfter(view.from!, by * length), to: dayAfter(view.to!, by * length) });
    return;
  }
  const { from, to } = dashboard.period;
  const at = by < 0 ? localDay(Date.parse(from) - 1) : localDay(to);
  const next = by < 0 ? [Date.parse(dashboard.previous.from), Date.parse(from)] : [Date.parse(to), 2 * Date.parse(to) - Date.parse(from)];
  const now = Date.now();
  go({ at: now >= next[0]! && now < next[1]! ? null : at });
}

export function choosePeriod(period: PeriodName, view: View, dashboard: Dashboard | null): void {
  if (period !== "custom") return go({ period, at: view.period === "custom" ? null : view.at });
  const from = dashboard ? localDay(dashboard.period.from) : localDay(Date.now());
  const to = dashboard ? localDay(Math.min(Date.parse(dashboard.period.to) - 1, Math.max(Date.now(), Date.parse(dashboard.period.from)))) : from;
  go({ period, from, to });
}

/** Sets an end of a custom period; the other end goes along rather than lie on the wrong side of it. */
function limit(end: "from" | "to", day: string, view: View): void {
  if (day === "") return;
  const other = end === "from" ? view.to! : view.from!;
  const wrong = end === "from" ? day > other : day < other;
  go(wrong ? { from: day, to: day } : { [end]: day });
}

const isNow = (dashboard: Dashboard) =>
  Date.now() >= Date.parse(dashboard.period.from) && Date.now() < Date.parse(dashboard.period.to);

export function PeriodBar({ view, dashboard }: { view: View; dashboard: Dashboard | null }) {
  const [unfolded, unfold] = useState(false);
  const names = useQuery<Names>("getNames", view.source ? { source: view.source } : {}).data;
  const filtered = [view.service, view.host, view.basis].filter(Boolean).length;
  return (
    <section class="chooser" aria-label={t("chooser")}>
      <div class="segments wide-only" role="group" aria-label={t("period")}>
        {PERIODS.map((period) => (
          <button key={period} type="button" aria-pressed={view.period === period} onClick={() => choosePeriod(period, view, dashboard)}>
            {t(`period.${period}`)}
          </button>
        ))}
      </div>
      <select class="narrow-only" aria-label={t("period")} value={view.period} onChange={(event) => choosePeriod(event.currentTarget.value as PeriodName, view, dashboard)}>
        {PERIODS.map((period) => <option key={period} value={period}>{t(`period.${period}`)}</option>)}
      </select>
      <div class="stepper">
        <button type="button" class="tool" aria-label={t("previousPeriod")} title={t("previousPeriod")} onClick={() => step(view, dashboard, -1)}><Icon name="left" /></button>
        {view.period === "custom" ? (
          <span class="dates">
            <input type="date" aria-label={t("from")} value={view.from!} onChange={(event) => limit("from", event.currentTarget.value, view)} />
            –
            <input type="date" aria-label={t("to")} value={view.to!} onChange={(event) => limit("to", event.currentTarget.value, view)} />
          </span>
        ) : (
          <span class="range" aria-live="polite">{dashboard ? range(dashboard.period.from, dashboard.period.to) : "…"}</span>
        )}
        <button type="button" class="tool" aria-label={t("nextPeriod")} title={t("nextPeriod")} onClick={() => step(view, dashboard, 1)}><Icon name="right" /></button>
        {dashboard && !isNow(dashboard) && <button type="button" onClick={() => go({ at: null, ...(view.period === "custom" && { period: "month" }) })} aria-label={t("today")} title={t("today")}><span class="wide-only">{t("today")}</span><span class="narrow-only">◉</span></button>}
      </div>
      <button type="button" class={`narrow-only ${filtered > 0 ? "chosen" : ""}`} aria-expanded={unfolded} aria-label={filtered > 0 ? `${t("filters")}: ${filtered}` : t("filters")} title={t("filters")} onClick={() => unfold(!unfolded)}>
        <Icon name="filter" />{filtered > 0 && filtered}
      </button>
      <div class={`filters ${unfolded ? "unfolded" : ""}`}>
        <Select label={t("service")} value={view.service} all={t("allServices")} onChoose={(service) => go({ service })}
          options={(names?.services ?? []).map(({ name, title }) => [name, title || name])} />
        <Select label={t("host")} value={view.host} all={t("allHosts")} onChoose={(host) => go({ host })}
          options={(names?.hosts ?? []).map(({ name }) => [name, name])} />
        <Select label={t("basis")} value={view.basis} all={t("basis.default")} onChoose={(basis) => go({ basis: basis as View["basis"] })}
          options={BASES.map((basis) => [basis, t(`basis.${basis}`)])} />
        <label class="check">
          <input type="checkbox" checked={view.compare} onChange={(event) => go({ compare: event.currentTarget.checked })} />
          {t("compare")}
        </label>
      </div>
    </section>
  );
}

function Select({ label, value, all, options, onChoose }: {
  label: string; value: string | null; all: string; options: string[][]; onChoose: (value: string | null) => void;
}) {
  const listed = value === null || options.some(([key]) => key === value) ? options : [[value, value], ...options];
  return (
    <select aria-label={label} class={value === null ? "" : "chosen"} value={value ?? ""} onChange={(event) => onChoose(event.currentTarget.value || null)}>
      <option value="">{all}</option>
      {listed.map(([key, name]) => <option key={key} value={key}>{name}</option>)}
    </select>
  );
}
