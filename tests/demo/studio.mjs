// Why: everything one would have to know about the invented studio, and nothing about webhooks.
// All people are invented.

export const ZONE = "Europe/Madrid";
export const CURRENCY = "eur";
export const ADDRESS = "Calle del Olivar 12, Madrid";
export const OPENS = 10 * 60;
export const CLOSES = 20 * 60;

/** How well each weekday sells, Monday to Sunday; 0 is closed. */
export const WEEKDAY_DEMAND = [0, 0.7, 0.8, 0.95, 1.35, 1.5, 0.6];

/** How eagerly people book on each weekday, Monday to Sunday. */
export const BOOKING_WEEKDAY = [1.1, 1.05, 1, 1, 0.95, 0.85, 1.05];

/** How well each month sells, January to December. */
export const MONTH_DEMAND = [0.72, 0.9, 1, 1.1, 1.24, 1.26, 1.1, 0.68, 0.96, 1, 0.98, 1.06];

/** How eagerly people book at each hour of the day. */
export const BOOKING_HOUR = [
  2, 1, 0, 0, 0, 0, 1, 3, 5, 7, 9, 10, 11, 12, 10, 8, 8, 9, 10, 12, 14, 14, 10, 6,
];

/**
 * @typedef {object} Service
 * @property {number} id event type id
 * @property {string} slug
 * @property {string} title
 * @property {number} minutes default length
 * @property {number[]} [lengths] what it may really take
 * @property {number} price list price in cents
 * @property {number} weight share of the bookings that come out of nowhere
 * @property {[number, number]} lead typical days ahead, and their spread
 * @property {boolean} [session] a sitting with needle and ink
 * @property {boolean} [confirmed] needs the artist's confirmation
 * @property {boolean} [deposit] is paid when booked
 * @property {boolean} [video] is held over video
 * @property {number} [occurrences] recurring weekly, this often
 * @property {number} [seats] a group event with so many seats
 */

/** @type {Record<string, Service>} */
export const SERVICES = {
  consultation: {
    id: 8101,
    slug: "consultation",
    title: "Consultation",
    minutes: 30,
    price: 0,
    weight: 34,
    lead: [5, 0.7],
    video: true,
  },
  small: {
    id: 8102,
    slug: "small-tattoo",
    title: "Small tattoo",
    minutes: 90,
    price: 12000,
    weight: 28,
    lead: [9, 0.7],
    session: true,
    deposit: true,
  },
  medium: {
    id: 8103,
    slug: "medium-tattoo",
    title: "Medium tattoo",
    minutes: 150,
    lengths: [150, 150, 180],
    price: 28000,
    weight: 14,
    lead: [14, 0.6],
    session: true,
    deposit: true,
  },
  large: {
    id: 8104,
    slug: "large-tattoo",
    title: "Large tattoo",
    minutes: 300,
    lengths: [300, 300, 360],
    price: 55000,
    weight: 6,
    lead: [24, 0.5],
    session: true,
    confirmed: true,
    deposit: true,
  },
  coverUp: {
    id: 8105,
    slug: "cover-up",
    title: "Cover-up",
    minutes: 240,
    price: 42000,
    weight: 4,
    lead: [20, 0.5],
    session: true,
    confirmed: true,
  },
  touchUp: {
    id: 8106,
    slug: "touch-up",
    title: "Touch-up",
    minutes: 60,
    price: 4000,
    weight: 5,
    lead: [10, 0.6],
  },
  aftercare: {
    id: 8107,
    slug: "aftercare-check",
    title: "Aftercare check",
    minutes: 20,
    price: 0,
    weight: 0,
    lead: [6, 0.3],
    occurrences: 3,
  },
  flashDay: {
    id: 8108,
    slug: "flash-day",
    title: "Flash day",
    minutes: 240,
    price: 8000,
    weight: 0,
    lead: [28, 0.2],
    seats: 10,
  },
};

/** Services that a consultation may lead to, with their share. */
export const AFTER_CONSULTATION = [
  [SERVICES.small, 2],
  [SERVICES.medium, 4],
  [SERVICES.large, 3],
  [SERVICES.coverUp, 2],
];

/**
 * @typedef {object} Artist
 * @property {number} id
 * @property {string} name
 * @property {string} username
 * @property {string} email
 * @property {string} timeZone
 * @property {string} locale
 * @property {number} dayOff weekday besides Monday, 0 Monday .. 6 Sunday
 * @property {1 | 2} summer the half of August spent on the beach
 * @property {Service[]} services
 * @property {number} popularity
 */

const { consultation, small, medium, large, coverUp, touchUp, aftercare, flashDay } = SERVICES;

/** @type {Artist[]} */
export const ARTISTS = [
  {
    id: 411,
    name: "Lucía Ferrándiz",
    username: "lucia.lines",
    email: "lucia.lines@example.com",
    locale: "es",
    dayOff: 1,
    summer: 1,
    services: [consultation, small, medium, large, touchUp, aftercare, flashDay],
    popularity: 1.2,
  },
  {
    id: 412,
    name: "Teo Brancusi",
    username: "teo.blackwork",
    email: "teo.blackwork@example.com",
    locale: "es",
    dayOff: 2,
    summer: 2,
    services: [consultation, medium, large, coverUp, touchUp, aftercare],
    popularity: 1,
  },
  {
    id: 413,
    name: "Aiko Sandoval",
    username: "aiko.irezumi",
    email: "aiko.irezumi@example.com",
    locale: "en",
    dayOff: 6,
    summer: 1,
    services: [consultation, medium, large, coverUp, touchUp, aftercare],
    popularity: 0.9,
  },
  {
    id: 414,
    name: "Noor van Dijk",
    username: "noor.fineline",
    email: "noor.fineline@example.com",
    locale: "en",
    dayOff: 3,
    summer: 2,
    services: [consultation, small, medium, touchUp, aftercare, flashDay],
    popularity: 1.1,
  },
  {
    id: 415,
    name: "Iñaki Zubieta",
    username: "inaki.oldschool",
    email: "inaki.oldschool@example.com",
    locale: "es",
    dayOff: 6,
    summer: 1,
    services: [consultation, small, coverUp, touchUp, aftercare, flashDay],
    popularity: 0.8,
  },
].map((artist) => ({ ...artist, timeZone: ZONE }));

export const PLACEMENTS = [
  "left forearm",
  "right forearm",
  "upper arm",
  "shoulder blade",
  "ribs",
  "ankle",
  "calf",
  "back",
];

export const WISHES = [
  "",
  "",
  "A swallow, fine lines, about 6 cm.",
  "Peonías y una serpiente, en negro.",
  'Covering an old "tribal" \\ barbed wire.\nPhotos to follow.',
  "Mi abuela decía: «siempre adelante» 🌿",
  "First tattoo, a bit nervous!",
  "Geometric, dotwork, no colour.",
];

export const MOVING_REASONS = ["Enfermo", "Work trip", "Cambio de turno", "The train is on strike"];
export const LEAVING_REASONS = ["Changed my mind", "Me ha surgido un imprevisto", "Too far", ""];
export const CLOSING_REASONS = ["Artist ill", "Avería en el estudio", "Double booked"];
export const DECLINING_REASONS = ["Not my style, sorry", "Please come for a consultation first"];

/** Where bookings say they come from. */
export const CAMPAIGNS = [
  { weight: 60, tags: null },
  { weight: 18, tags: { utm_source: "instagram", utm_medium: "social", utm_campaign: "bio-link" } },
  { weight: 9, tags: { utm_source: "google", utm_medium: "cpc", utm_campaign: "tattoo-madrid" } },
  { weight: 6, tags: { utm_source: "newsletter", utm_medium: "email", utm_campaign: "otoño" } },
  { weight: 4, tags: { utm_source: "tiktok", utm_medium: "social", utm_campaign: "healed" } },
  { weight: 3, tags: { utm_source: "studio-window", utm_medium: "qr" } },
];
