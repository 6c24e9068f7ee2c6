// Why: a page without numbers must say why, and what to do. Guarantees: nothing yet, nothing in this range, filtered to nothing
// and out of reach are told apart.

import type { Dashboard } from "../api/types";
import type { ApiError } from "../api/client";
import { isEmpty } from "../state/figures";
import { go, type View } from "../state/view";
import { t } from "../text";
import { wrong } from "../text/errors";
import { Failure } from "./panel";

/** How to have Cal.com send to a source. */
export function SetUp({ source }: { source: string }) {
  return (
    <ol class="steps">
      <li>{t("noData.open")}</li>
      <li>{t("noData.url")} <code>{location.origin}/api/cal/webhook{source === "default" ? "" : `/${source}`}</code></li>
      <li>{t("noData.secret")} <code>select cal.rotate_secret('{source}');</code></li>
      <li>{t("noData.triggers")}</li>
      <li>{t("noData.ping")}</li>
      <li>{t("noData.sync")} <code>select cal.set_sync('cal_…'{source === "default" ? "" : `, source => '${source}'`});</code></li>
    </ol>
  );
}

function NoDataYet({ admin, source }: { admin: boolean; source: string }) {
  return (
    <section class="panel state" data-state="no-data">
      <h2>{t("noData.title")}</h2>
      <p>{t("noData.text")}</p>
      {admin ? <SetUp source={source} /> : <p>{t("noData.ask")}</p>}
      <p class="quiet">{t("noData.demo")} <code>make demo</code></p>
    </section>
  );
}

function Nothing({ view, dashboard }: { view: View; dashboard: Dashboard }) {
  const filtered = view.service !== null || view.host !== null;
  return (
    <section class="panel state" data-state={filtered ? "filtered" : "no-range"}>
      <h2>{filtered ? t("filtered.title") : t("nothing.title")}</h2>
      <p>{filtered ? t("filtered.text", { what: [view.service, view.host].filter(Boolean).join(", ") }) : t("nothing.text")}</p>
      {filtered
        ? <button type="button" class="primary" onClick={() => go({ service: null, host: null })}>{t("filtered.clear")}</button>
        : <button type="button" class="primary" onClick={() => go({ period: "year", at: null })}>{t("nothing.year")}</button>}
      {dashboard.last_webhook_at && <p class="quiet">{t("nothing.zone", { zone: dashboard.time_zone })}</p>}
    </section>
  );
}

/** What to show instead of numbers; null where there are some. */
export function instead(view: View, dashboard: Dashboard, admin: boolean) {
  if (!isEmpty(dashboard)) return null;
  return dashboard.last_webhook_at === null ? <NoDataYet admin={admin} source={dashboard.source} /> : <Nothing view={view} dashboard={dashboard} />;
}

export function OutOfReach({ error }: { error: ApiError }) {
  return (
    <section class="panel state" data-state="error">
      <h2>{t("error.title")}</h2>
      <Failure error={error} />
    </section>
  );
}

/** The last numbers are still shown, and how old they are is said. */
export function Stale({ error, age }: { error: ApiError; age: string }) {
  return (
    <div class="stale" role="alert" data-state="stale">
      <span>{t("stale", { age })}</span>
      <span class="quiet">{wrong(error)}{error.requestId && ` · ${t("requestId", { id: error.requestId })}`}</span>
    </div>
  );
}
