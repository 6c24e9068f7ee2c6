import { Bookings } from "./bookings";
import type { Context } from "./context";
import { Customers } from "./customers";
import { Funnel } from "./funnel";
import { Health } from "./health";
import { Overview } from "./overview";
import { Services } from "./services";

const TABS = { overview: Overview, bookings: Bookings, services: Services, customers: Customers, funnel: Funnel, health: Health };

/** The tab that the address names. */
export function Tab({ context }: { context: Context }) {
  const Shown = TABS[context.view.tab];
  return <Shown context={context} />;
}
