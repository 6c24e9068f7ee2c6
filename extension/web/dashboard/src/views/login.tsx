import { useEffect, useRef, useState } from "preact/hooks";
import { logIn, type ApiError } from "../api/client";
import { t } from "../text";
import { wrong } from "../text/errors";

/** Asks who is there: a name and a password, or a token. */
export function Login({ onDone }: { onDone: () => void }) {
  const [byToken, setByToken] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), [byToken]);
  const onSubmit = async (event: SubmitEvent) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement);
    const field = (name: string) => String(given.get(name) ?? "").trim();
    setBusy(true);
    setError(null);
    try {
      await logIn(byToken ? { token: field("token") } : { name: field("name"), password: String(given.get("password") ?? "") });
      onDone();
    } catch (failure) {
      setError(failure as ApiError);
      setBusy(false);
    }
  };
  return (
    <main class="login">
      <form onSubmit={(event) => void onSubmit(event)} class="panel">
        <h1>Calytics</h1>
        <div class="segments" role="group" aria-label={t("logIn")}>
          <button type="button" aria-pressed={!byToken} onClick={() => setByToken(false)}>{t("password")}</button>
          <button type="button" aria-pressed={byToken} onClick={() => setByToken(true)}>{t("token")}</button>
        </div>
        {byToken ? (
          <label key="token">
            {t("token")}
            <input ref={first} name="token" type="password" autocomplete="off" required spellcheck={false} aria-describedby="hint" />
          </label>
        ) : (
          <>
            <label key="name">
              {t("name")}
              <input ref={first} name="name" autocomplete="username" required spellcheck={false} aria-describedby="hint" />
            </label>
            <label key="password">
              {t("password")}
              <input name="password" type="password" autocomplete="current-password" required aria-describedby="hint" />
            </label>
          </>
        )}
        {error && (
          <p class="wrong" role="alert">
            {error.status === 401 ? t(byToken ? "wrong.token" : "wrong.password") : wrong(error)}
            {error.requestId && <small> {t("requestId", { id: error.requestId })}</small>}
          </p>
        )}
        <button type="submit" class="primary" disabled={busy}>{t("logIn")}</button>
        <p class="quiet" id="hint">{byToken ? t("tokenHint") : t("passwordHint")}</p>
      </form>
    </main>
  );
}
