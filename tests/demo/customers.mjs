// Why: the studio's customers, all invented; every address is under example.com, every telephone
// number in a range that Spain has not given out.

import { ZONE } from "./studio.mjs";

/**
 * @typedef {object} Customer
 * @property {string} name
 * @property {string} firstName
 * @property {string} lastName
 * @property {string} email
 * @property {string | null} phone
 * @property {string} timeZone
 * @property {string} locale
 */

const HOMES = [
  { weight: 86, timeZone: ZONE, locale: "es" },
  { weight: 3, timeZone: "Europe/London", locale: "en" },
  { weight: 3, timeZone: "Europe/Berlin", locale: "de" },
  { weight: 2, timeZone: "Europe/Lisbon", locale: "pt" },
  { weight: 2, timeZone: "Atlantic/Canary", locale: "es" },
  { weight: 2, timeZone: "America/New_York", locale: "en" },
  { weight: 1, timeZone: "America/Mexico_City", locale: "es" },
  { weight: 1, timeZone: "Asia/Kolkata", locale: "en" },
];

const FIRST_NAMES = (
  "Marta Javier Lola Sergio Nerea Álvaro Irene Pablo Carmen Hugo Candela Bruno Alba Mateo Sofía " +
  "Gonzalo Paula Adrián Claudia Rubén Inés Óscar Leire Guille Rocío Joan Ainhoa Martí Vega Nil " +
  "Saoirse Björn Zofia Jürgen Chloé Łukasz Anaïs Søren Priya Tomás Yara Émile Hana Mbali Dmitri"
).split(" ");

const LAST_NAMES = (
  "Aldana Bustillo Carmona Doñate Escrivá Fuentes Garay Hinojosa Iriarte Jurado Lafuente Mújica " +
  "Navarrete Oñate Peñalver Quiroga Roldán Saavedra Tejedor Urrutia Valdés Ximénez Yáñez Zamora " +
  "O'Rourke Lindqvist Kowalczyk Groß Lefèvre Żak D'Amico Håkansson Śāstrī Ferreira Haddad Núñez"
).split(" ");

/** An invented person; the number keeps addresses apart.
 * @param {import("./random.mjs").Random} random @param {number} number @returns {Customer} */
export function newCustomer(random, number) {
  const firstName = random.pick(FIRST_NAMES);
  const lastName = random.chance(0.6)
    ? random.pick(LAST_NAMES)
    : `${random.pick(LAST_NAMES)} ${random.pick(LAST_NAMES)}`;
  const handle = `${firstName}.${lastName}`
    .normalize("NFD")
    .toLowerCase()
    .replace(/[^a-z.]/g, "");
  const home = random.weighted(HOMES, (place) => place.weight);
  return {
    name: `${firstName} ${lastName}`,
    firstName,
    lastName,
    email: `${handle}${number}@example.com`,
    phone: random.chance(0.6) ? `+34555${String(number).padStart(6, "0")}` : null,
    timeZone: home.timeZone,
    locale: home.locale,
  };
}
