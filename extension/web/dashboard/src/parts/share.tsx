// Why: a studio shows its numbers to whom it wants, without an account. Guarantees: a link reads and changes nothing, ends when
// it is revoked or its time is over, and shows one service or artist alone if so wished; its secret is shown once.

import { useState } from "preact/hooks";
import { mutate, type ApiError } from "../api/client";
import { refresh, useQuery } from "../state/queries";
import { address, type View } from "../state/view";
import { t } from "../text";
import { wrong } from "../text/errors";
import { day } from "../text/format";
import { Dialog } from "./dialog";

interface Link {
  label: string;
  service: string | null;
  host: string | null;
  expires_at: string;
  last_opened_at: string | null;
}

/** This picture, for who has the secret: behind "#", so that no log on the way holds it. */
const linkTo = (view: View, secret: string) =>
  `${location.origin}${address({ ...view, open: null, service: null, host: null, tab: view.tab === "funnel" || view.tab === "health" ? "overview" : view.tab })}#share=${secret}`;

export function Share({ view, onClose }: { view: View; onClose: () => void }) {
  const scope = view.source ? { source: view.source } : {};
  const links = useQuery<Link[]>("getShares", scope).data ?? [];
  const [made, setMade] = useState<string | null>(null);
  const [error, setError] = useState<string | null>(null);
  const limited = [view.service, view.host].filter(Boolean).join(", ");
  const onSubmit = async (event: SubmitEvent) => {
    event.preventDefault();
    const label = String(new FormData(event.currentTarget as HTMLFormElement).get("label")).trim();
    setError(null);
    try {
      const { secret } = await mutate<{ secret: string }>("share", {
        ...scope, label, ...(view.service && { service: view.service }), ...(view.host && { host: view.host }),
      });
      setMade(linkTo(view, secret));
    } catch (failure) {
      setError(wrong(failure as ApiError));
    }
    refresh();
  };
  const revoke = async (label: string) => {
    try {
      await mutate("revokeShare", { ...scope, label });
    } catch (failure) {
      setError(wrong(failure as ApiError));
    }
    refresh();
  };
  return (
    <Dialog title={t("share.title")} onClose={onClose}>
      <p class="quiet">{limited ? t("share.limited", { what: limited }) : t("share.all")}</p>
      <form class="row" onSubmit={(event) => void onSubmit(event)}>
        <input name="label" required maxLength={200} aria-label={t("share.label")} placeholder={t("share.label")} />
        <button type="submit" class="primary">{t("share.make")}</button>
      </form>
      {error && <p class="wrong" role="alert">{error}</p>}
      {made && (
        <div class="made" role="status">
          <p>{t("share.once")}</p>
          <div class="row">
            <input readOnly value={made} aria-label={t("share.link")} onFocus={(event) => event.currentTarget.select()} />
            <button type="button" onClick={() => void navigator.clipboard?.writeText(made)}>{t("share.copy")}</button>
          </div>
        </div>
      )}
      {links.length > 0 && (
        <ul class="links">
          {links.map(({ label, service, host, expires_at: ends, last_opened_at: opened }) => (
            <li key={label}>
              <span>
                {label}
                <small class="quiet">
                  {[service, host, t("share.ends", { time: ends === "infinity" ? "∞" : day(ends) }), opened ? t("share.opened", { time: day(opened) }) : t("share.unopened")].filter(Boolean).join(" · ")}
                </small>
              </span>
              <button type="button" aria-label={`${t("share.revoke")}: ${label}`} onClick={() => void revoke(label)}>{t("share.revoke")}</button>
            </li>
          ))}
        </ul>
      )}
    </Dialog>
  );
}
