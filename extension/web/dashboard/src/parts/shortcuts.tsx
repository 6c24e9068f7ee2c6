// Why: who looks at this daily goes faster by keys. Guarantees: no key does anything in a field, with a modifier or while a
// dialog is open; all of them can be turned off; `?` lists what there is.

import { useEffect } from "preact/hooks";
import type { Caller, Dashboard } from "../api/types";
import { refresh } from "../state/queries";
import { change, currentSettings, useSettings } from "../state/settings";
import { currentView, go, type PeriodName } from "../state/view";
import { t } from "../text";
import { Dialog } from "./dialog";
import { LanguageSelect, tabsFor } from "./header";
import { choosePeriod, step } from "./period_bar";

const PERIOD_KEYS: Record<string, PeriodName> = { d: "day", w: "week", m: "month", q: "quarter", y: "year", u: "custom" };

/** Does what a key stands for; false if it stands for nothing. */
function act(key: string, caller: Caller, dashboard: Dashboard | null, onHelp: () => void): boolean {
  const view = currentView();
  const tab = tabsFor(caller)[Number(key) - 1];
  const period = PERIOD_KEYS[key];
  if (key === "?") onHelp();
  else if (tab) go({ tab, open: null });
  else if (period) choosePeriod(period, view, dashboard);
  else if (key === "[" || key === "ArrowLeft") step(view, dashboard, -1);
  else if (key === "]" || key === "ArrowRight") step(view, dashboard, 1);
  else if (key === "t") go({ at: null });
  else if (key === "c") go({ compare: !view.compare });
  else if (key === "r") refresh();
  else if (key === "p") change({ live: !currentSettings().live });
  else return false;
  return true;
}

export function useShortcuts(caller: Caller | null, dashboard: Dashboard | null, onHelp: () => void): void {
  useEffect(() => {
    if (!caller?.role) return;
    const onKeyDown = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || !currentSettings().shortcuts) return;
      if (target.closest("input, select, textarea, dialog, [contenteditable]") || document.querySelector("dialog[open]")) return;
      // What can be moved is moved by its arrows.
      if (event.key.startsWith("Arrow") && target.closest("[data-more]:not([data-more=''])")) return;
      if (act(event.key, caller, dashboard, onHelp)) event.preventDefault();
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  });
}

export function Help({ caller, onClose }: { caller: Caller; onClose: () => void }) {
  const { shortcuts } = useSettings();
  const rows: [string, string][] = [
    [`1 – ${tabsFor(caller).length}`, t("keys.tabs")],
    ["d w m q y u", t("keys.periods")],
    ["[ ] ← →", t("keys.step")],
    ["t", t("today")],
    ["c", t("compare")],
    ["r", t("refresh")],
    ["p", t("keys.pause")],
    ["← → ↑ ↓", t("keys.chart")],
    ["?", t("help")],
  ];
  return (
    <Dialog title={t("help")} onClose={onClose}>
      <dl class="keys">
        {rows.map(([keys, what]) => (
          <div key={what}>
            <dt>{keys.split(" ").map((key) => (key === "–" ? " – " : <kbd key={key}>{key}</kbd>))}</dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <label class="check">{t("language")} <LanguageSelect /></label>
      <label class="check">
        <input type="checkbox" checked={shortcuts} onChange={(event) => change({ shortcuts: event.currentTarget.checked })} />
        {t("keys.on")}
      </label>
    </Dialog>
  );
}
