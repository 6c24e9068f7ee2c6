// Why: before a booking there is a visit to the studio's pages, and before most visits' end there is none. Told as the
// tracker would tell it, so that funnels, sources, experiments and devices have something to show.
// Guarantees: the same bookings and seed give the same events; visits that lead to a booking name its uid and end as it is
// made, or end just before, where the page's last word is lost and the booking alone tells of its session; nothing happens from the horizon on; an event's id is its own, so that sending it again changes nothing.

import { MINUTE } from "./zone.mjs";

const SITE = "https://studio.example";
/** Visits that lead to nothing, for each that leads to a booking. */
const LOOKERS = 6;
/** Visits that led to a booking, and were over before the page could tell. */
const LAST_WORD_LOST = 0.12;
const BOTS = 0.03;
const MORE_PAGES = 0.45;
const EXPERIMENT = { name: "hero", variants: ["drawing", "photo"], betterShare: 0.56 };

/** How far visitors come who don't book: the steps after the page itself, and what share stops there. */
const ENDINGS = [
  { weight: 44, steps: 0 },
  { weight: 30, steps: 1 },
  { weight: 13, steps: 2 },
  { weight: 9, steps: 3 },
  { weight: 4, steps: 4 },
];
const STEPS = ["SERVICE_VIEW", "SERVICE_SELECT", "BOOKING_START", "BOOKING_SUBMIT", "BOOKING_COMPLETE"];
const ABANDONED = 3;

const PAGES = ["/artists", "/gallery", "/services", "/prices", "/hygiene", "/contact"];
const REFERRERS = [
  { weight: 45, url: null },
  { weight: 30, url: "https://www.google.com/" },
  { weight: 14, url: "https://l.instagram.com/" },
  { weight: 5, url: "https://www.bing.com/" },
  { weight: 4, url: "https://tattoo-guide.example/madrid" },
  { weight: 2, url: "https://chatgpt.com/" },
];
const BOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
const BROWSERS = [
  [38, "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"],
  [27, "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36"],
  [16, "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"],
  [8, "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15"],
  [6, "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"],
  [5, "Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"],
].map(([weight, agent]) => ({ weight, agent }));

/**
 * @typedef {object} Made a booking, as it was first made
 * @property {string} uid
 * @property {number} at
 * @property {string} service its slug
 * @property {number} eventTypeId
 * @property {Record<string, string> | null} campaign
 * @property {string} session which its metadata name
 */

/** @param {import("./random.mjs").Random} random @param {Made[]} made
 * @param {{horizon: number, times: (about: number) => number[], services: Made["service"][],
 *   campaigns: {weight: number, tags: Made["campaign"]}[]}} of `times`: when about so many visits begin that lead to nothing
 * @returns {object[]} events by time */
export function visits(random, made, { horizon, times, services, campaigns }) {
  const others = times(made.length * LOOKERS);
  // Half of all see each variant, and those who book saw the better one more often.
  const [, better] = EXPERIMENT.variants;
  const all = made.length + others.length;
  const share = (0.5 * all - EXPERIMENT.betterShare * made.length) / others.length;
  const pick = (fork, rate) => (fork.chance(rate) ? better : EXPERIMENT.variants[0]);

  const events = made.flatMap((booking) => {
    const fork = random.fork(booking.uid);
    const variant = pick(fork, EXPERIMENT.betterShare);
    const { service, uid, eventTypeId, campaign: tags, session } = booking;
    const visit = new Visit(fork, { variant, tags, session });
    visit.looksAround();
    if (fork.chance(LAST_WORD_LOST)) {
      visit.goes(3, service);
      return visit.endingAt(booking.at - fork.int(5_000, 60_000));
    }
    visit.goes(4, service);
    visit.says("BOOKING_COMPLETE", { serviceId: service, bookingUid: uid, calEventTypeId: eventTypeId });
    // It is over a moment after the booking was made.
    return visit.endingAt(booking.at + fork.int(300, 4000));
  });
  others.forEach((at, i) => {
    const fork = random.fork(`looker ${i}`);
    const { tags } = fork.weighted(campaigns, (one) => one.weight);
    const visit = new Visit(fork, { variant: pick(fork, share), tags, bot: fork.chance(BOTS) });
    visit.looksAround();
    if (!visit.bot) {
      const { steps } = fork.weighted(ENDINGS, (one) => one.weight);
      const service = fork.pick(services);
      if (steps > 0 && fork.chance(0.2)) visit.goes(1, fork.pick(services.filter((one) => one !== service)));
      visit.goes(steps, service);
      if (steps === ABANDONED) visit.says("BOOKING_ABANDON", { serviceId: service });
    }
    events.push(...visit.beginningAt(at));
  });
  return events.filter(({ timestamp }) => timestamp < horizon).sort((a, b) => a.timestamp - b.timestamp);
}

/** What one visitor does, a moment after another. */
class Visit {
  #events = [];
  #elapsed = 0;

  constructor(random, { variant, tags, session = random.uuid(), bot = false }) {
    this.random = random;
    this.bot = bot;
    const { agent } = random.weighted(BROWSERS, (one) => one.weight);
    const query = tags ? `?${new URLSearchParams(tags)}` : "";
    const { url } = random.weighted(REFERRERS, (one) => one.weight);
    this.url = `${SITE}/${query}`;
    this.common = {
      sessionId: session,
      userAgent: bot ? BOT : agent,
      ipAddress: `198.${random.int(18, 19)}.${random.int(0, 255)}.${random.int(0, 255)}`,
      experiment: EXPERIMENT.name,
      variant,
    };
    this.#tell("PAGE_VIEW", { referrer: tags || bot ? undefined : (url ?? undefined) });
  }

  #tell(eventType, more) {
    const { url, common, random } = this;
    this.#events.push({ ...common, eventId: random.uuid(), eventType, url, timestamp: this.#elapsed, ...more });
  }

  says(eventType, more) {
    this.#elapsed += 1 + Math.min(12 * MINUTE, Math.round(this.random.logNormal(25_000, 0.9)));
    this.#tell(eventType, more);
  }

  looksAround() {
    while (this.random.chance(MORE_PAGES)) {
      this.url = SITE + this.random.pick(PAGES);
      this.says("PAGE_VIEW", {});
    }
  }

  /** So many steps towards booking a service. */
  goes(steps, serviceId) {
    if (steps > 0) this.url = `${SITE}/services/${serviceId}`;
    for (const step of STEPS.slice(0, steps)) this.says(step, { serviceId });
  }

  beginningAt(at) {
    for (const event of this.#events) event.timestamp += at;
    return this.#events;
  }

  endingAt(at) {
    return this.beginningAt(at - this.#elapsed);
  }
}
