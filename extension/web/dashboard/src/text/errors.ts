// Why: what goes wrong is told by the database and the gateway in English, and by browsers in theirs. Guarantees: said in the
// reader's language, by its status; to who reads English, in the database's own words.

import type { ApiError } from "../api/client";
import { language, maybe, t } from "./index";

export const wrong = ({ status, message }: ApiError): string =>
  status === null ? t("error.unreached") : language() === "en" ? message : maybe(`error.${status}`, t("error.other", { status }));
