import { useEffect, useRef, useState } from "preact/hooks";
import type { Caller } from "../api/types";
import { refresh, useFreshness, useQuery } from "../state/queries";
import { change, useSettings } from "../state/settings";
import { address, go, TABS, type Tab, type View } from "../state/view";
import { choose, language, languages, t, type Language } from "../text";
import { ago } from "../text/format";
import { Icon } from "./icon";
import { useEdges } from "./scroll";

export const tabsFor = (caller: Caller): Tab[] =>
  TABS.filter((tab) => caller.role === "admin" || (tab !== "funnel" && tab !== "health"));

const STALE = 75_000;

/** How old what is on screen is; pauses and asks again. */
function Freshness() {
  const { at, error, loading } = useFreshness();
  const { live } = useSettings();
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), 5_000);
    return () => clearInterval(timer);
  }, []);
  const age = at === null ? null : Date.now() - at;
  const stale = error !== null || (live && age !== null && age > STALE);
  const state = error ? "error" : stale ? "stale" : live ? "live" : "paused";
  return (
    <div class={`freshness is-${state}`}>
      <button type="button" class="pulse" onClick={refresh} aria-busy={loading} title={error?.message ?? t("refresh")}>
        <i /> {t(`fresh.${state}`)}
        {age !== null && (state !== "live" || age > 10_000) && <span class="age"> · {ago(age)}</span>}
      </button>
      <button type="button" class="tool" aria-pressed={!live} aria-label={live ? t("pause") : t("resume")} title={live ? t("pause") : t("resume")}
        onClick={() => change({ live: !live })}>
        <Icon name={live ? "pause" : "play"} />
      </button>
    </div>
  );
}

export function LanguageSelect() {
  return (
    <select class="language" aria-label={t("language")} value={language()} onChange={(event) => choose(event.currentTarget.value as Language)}>
      {Object.entries(languages).map(([code, name]) => <option key={code} value={code}>{name}</option>)}
    </select>
  );
}

/** Whether the system is dark, also when that changes while the page is open. */
function useSystemDark(): boolean {
  const [dark, tell] = useState(() => matchMedia("(prefers-color-scheme: dark)").matches);
  useEffect(() => {
    const system = matchMedia("(prefers-color-scheme: dark)");
    const changed = () => tell(system.matches);
    system.addEventListener("change", changed);
    return () => system.removeEventListener("change", changed);
  }, []);
  return dark;
}

export function Header({ view, caller, onHelp, onLogOut, onShare }: {
  view: View; caller: Caller; onHelp: () => void; onLogOut: () => void; onShare: () => void;
}) {
  const { theme } = useSettings();
  const nav = useRef<HTMLElement>(null);
  const edges = useEdges(nav);
  // On a narrow screen the sections scroll.
  useEffect(() => {
    const shown = new ResizeObserver(() => nav.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" }));
    if (nav.current) shown.observe(nav.current);
    return () => shown.disconnect();
  }, [view.tab]);
  const sources = useQuery<{ source: string }[]>("getSources", {}).data ?? [];
  const systemDark = useSystemDark();
  const dark = theme ? theme === "dark" : systemDark;
  return (
    <header class="top">
      <a class="brand" href="/" onClick={(event) => { event.preventDefault(); go({ tab: "overview" }); }}>Calytics</a>
      {sources.length > 1 && (
        <select aria-label={t("source")} value={view.source ?? "default"}
          onChange={(event) => go({ source: event.currentTarget.value === "default" ? null : event.currentTarget.value, service: null, host: null })}>
          {sources.map(({ source }) => <option key={source} value={source}>{source}</option>)}
        </select>
      )}
      <div class="edges sections" data-more={edges}>
        <nav ref={nav} aria-label={t("sections")}>
          {tabsFor(caller).map((tab) => (
            <a key={tab} href={address({ ...view, tab, open: null })} aria-current={view.tab === tab ? "page" : undefined}
              onClick={(event) => { if (!event.ctrlKey && !event.metaKey) { event.preventDefault(); go({ tab, open: null }); } }}>
              {t(`tab.${tab}`)}
            </a>
          ))}
        </nav>
      </div>
      <div class="controls">
        <Freshness />
        <LanguageSelect />
        <button type="button" class="tool" aria-label={dark ? t("light") : t("dark")} title={dark ? t("light") : t("dark")} onClick={() => change({ theme: dark ? "light" : "dark" })}>
          <Icon name={dark ? "sun" : "moon"} />
        </button>
        {caller.role === "admin" && (
          <button type="button" class="tool" aria-label={t("share.title")} title={t("share.title")} onClick={onShare}><Icon name="share" /></button>
        )}
        <button type="button" class="tool" aria-label={t("help")} title={`${t("help")} (?)`} onClick={onHelp}><Icon name="help" /></button>
        {caller.how === "session" && (
          <button type="button" class="tool" aria-label={t("logOut")} title={`${t("logOut")}: ${caller.label ?? ""}`} onClick={onLogOut}><Icon name="out" /></button>
        )}
      </div>
    </header>
  );
}
