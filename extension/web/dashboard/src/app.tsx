// Why: who is looking, at which picture, and what to show for it. Guarantees: numbers only for who may see them; the last ones
// stay on screen while newer ones are on their way or can't be had, and then say how old they are.

import { useEffect, useState } from "preact/hooks";
import { logIn, logOut, whoAmI, type ApiError } from "./api/client";
import type { Caller, Dashboard, Metric } from "./api/types";
import { Explain } from "./parts/explain";
import { Header, tabsFor } from "./parts/header";
import { PeriodBar } from "./parts/period_bar";
import { Share } from "./parts/share";
import { Help, useShortcuts } from "./parts/shortcuts";
import { instead, OutOfReach, Stale } from "./parts/states";
import { start, stop } from "./state/live";
import { forget, useQuery, whenLoggedOut, type Answer } from "./state/queries";
import { inputOf, useView, type View } from "./state/view";
import { t, useTexts } from "./text";
import { ago, range, useZone } from "./text/format";
import { contextOf, noteOf } from "./views/context";
import { Login } from "./views/login";
import { Tab } from "./views/tab";

/** Who is looking, once a shared link that they came by has let them in. */
async function opened(caller: Caller): Promise<Caller> {
  const secret = /^#share=(\w+)$/.exec(location.hash)?.[1];
  if (!secret) return caller;
  history.replaceState(null, "", location.pathname + location.search);
  if (caller.role) return caller;
  await logIn({ share: secret });
  return whoAmI();
}

export function App() {
  useTexts();
  const [caller, setCaller] = useState<Caller | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const look = async () => {
    try {
      setCaller(await opened(await whoAmI()));
    } catch (failure) {
      setError(failure as ApiError);
    }
  };
  useEffect(() => void look(), []);
  useEffect(() => whenLoggedOut(() => setCaller((before) => before && { ...before, authenticated: false, role: null })), []);
  useEffect(() => {
    if (!caller?.role) return;
    start();
    return stop;
  }, [caller?.role]);
  if (error && !caller) return <main><OutOfReach error={error} /></main>;
  if (!caller) return <main aria-busy="true"><div class="skeleton tall" /></main>;
  if (!caller.role) return <Login onDone={() => { forget(); void look(); }} />;
  const onLogOut = () => void logOut().then(() => { forget(); void look(); }, setError);
  return <Page caller={caller} onLogOut={onLogOut} />;
}

function Page({ caller, onLogOut }: { caller: Caller; onLogOut: () => void }) {
  const asked = useView();
  const view: View = tabsFor(caller).includes(asked.tab) ? asked : { ...asked, tab: "overview" };
  const answer = useQuery<Dashboard>("getDashboardMetrics", inputOf(view));
  const metrics = useQuery<(Metric & { explained?: boolean })[]>("getMetrics", {}).data;
  const [help, setHelp] = useState(false);
  const [sharing, setSharing] = useState(false);
  const dashboard = answer.data;
  if (dashboard) useZone(dashboard.time_zone);
  useShortcuts(caller, dashboard, () => setHelp(true));
  useEffect(() => {
    document.title = `${t(`tab.${view.tab}`)}${dashboard ? ` · ${range(dashboard.period.from, dashboard.period.to)}` : ""} · Calytics`;
  });
  return (
    <>
      <a class="skip" href="#main">{t("skip")}</a>
      <Header view={view} caller={caller} onHelp={() => setHelp(true)} onLogOut={onLogOut} onShare={() => setSharing(true)} />
      {view.tab !== "health" && <PeriodBar view={view} dashboard={dashboard} />}
      <main id="main" tabIndex={-1}>
        <h1 class="unseen">
          {t(`tab.${view.tab}`)}
          {dashboard && view.tab !== "health" && <span class="paper-only"> · {noteOf({ dashboard, view })}</span>}
        </h1>
        <Content view={view} answer={answer} metrics={metrics} caller={caller} />
      </main>
      {view.open && dashboard && metrics && <Explain metric={view.open} view={view} dashboard={dashboard} metrics={metrics} />}
      {sharing && <Share view={view} onClose={() => setSharing(false)} />}
      {help && <Help caller={caller} onClose={() => setHelp(false)} />}
    </>
  );
}

function Content({ view, answer, metrics, caller }: {
  view: View; answer: Answer<Dashboard>; metrics: Metric[] | null; caller: Caller;
}) {
  const { data: dashboard, error, at } = answer;
  if (!dashboard) return error ? <OutOfReach error={error} /> : <Skeleton />;
  const stale = error && at !== null && <Stale error={error} age={ago(Date.now() - at)} />;
  const nothing = view.tab === "health" ? null : instead(view, dashboard, caller.role === "admin");
  return (
    <>
      {stale}
      {nothing ?? <Tab context={contextOf(view, dashboard, metrics, caller)} />}
    </>
  );
}

function Skeleton() {
  return (
    <div aria-busy="true" aria-label={t("loading")} role="status">
      <div class="tiles">{[...Array(8).keys()].map((i) => <div key={i} class="tile skeleton" />)}</div>
      <div class="panels">{[...Array(4).keys()].map((i) => <div key={i} class="panel skeleton tall" />)}</div>
    </div>
  );
}
