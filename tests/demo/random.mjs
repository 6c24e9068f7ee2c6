// Why: the demo must be the same bytes on every machine for the same seed, so it cannot use
// Math.random. Guarantees: a `Random` is a pure function of its seed and of the calls made on it;
// `fork(label)` gives an independent stream, so one booking's life does not shift another's.

const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/** FNV-1a over UTF-16 code units, finished with an avalanche. @param {string} text */
function hash32(text) {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) {
    h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  }
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

export class Random {
  #seed;
  #a;
  #b;
  #c;
  #counter = 1;

  /** @param {string | number} seed */
  constructor(seed) {
    this.#seed = String(seed);
    this.#a = hash32(`${this.#seed}/a`);
    this.#b = hash32(`${this.#seed}/b`);
    this.#c = hash32(`${this.#seed}/c`);
    for (let i = 0; i < 12; i += 1) this.#word();
  }

  /** Small fast counting generator: 96 bits of state and a 32-bit counter. */
  #word() {
    const out = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + out) | 0;
    return out >>> 0;
  }

  /** An independent stream named by its label. @param {string | number} label */
  fork(label) {
    return new Random(`${this.#seed}/${label}`);
  }

  /** Uniform in [0, 1). */
  next() {
    return this.#word() / 0x1_0000_0000;
  }

  /** Uniform in [low, high). */
  between(low, high) {
    return low + (high - low) * this.next();
  }

  /** Uniform integer in low..high, both included. */
  int(low, high) {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  /** True with probability p. */
  chance(p) {
    return this.next() < p;
  }

  /** @template T @param {readonly T[]} list @returns {T} */
  pick(list) {
    return list[this.int(0, list.length - 1)];
  }

  /** One item, with the probability its weight has among all. @template T
   * @param {readonly T[]} list @param {(item: T) => number} weight @returns {T} */
  weighted(list, weight) {
    const total = list.reduce((sum, item) => sum + weight(item), 0);
    let left = this.next() * total;
    for (const item of list) {
      left -= weight(item);
      if (left < 0) return item;
    }
    return list[list.length - 1];
  }

  /** Standard normal, by Box and Muller. */
  normal() {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    return radius * Math.cos(2 * Math.PI * this.next());
  }

  /** Log-normal with the given median; `spread` is the deviation of the logarithm. */
  logNormal(median, spread) {
    return median * Math.exp(spread * this.normal());
  }

  /** Poisson by counting exponential gaps; meant for means below a hundred or so. */
  poisson(mean) {
    let count = 0;
    let left = mean + Math.log(1 - this.next());
    while (left > 0) {
      count += 1;
      left += Math.log(1 - this.next());
    }
    return count;
  }

  /** A shuffled copy. @template T @param {readonly T[]} list @returns {T[]} */
  shuffled(list) {
    const out = [...list];
    for (let i = out.length - 1; i > 0; i -= 1) {
      const j = this.int(0, i);
      [out[i], out[j]] = [out[j], out[i]];
    }
    return out;
  }

  /** @param {number} digits */
  hex(digits) {
    let out = "";
    while (out.length < digits) out += this.#word().toString(16).padStart(8, "0");
    return out.slice(0, digits);
  }

  /** A version 4 UUID. */
  uuid() {
    const h = this.hex(32);
    const variant = "89ab"[this.int(0, 3)];
    return (
      `${h.slice(0, 8)}-${h.slice(8, 12)}-4${h.slice(13, 16)}-` +
      `${variant}${h.slice(17, 20)}-${h.slice(20)}`
    );
  }

  /** A booking uid as Cal.com makes them: 22 characters of base 58. */
  uid() {
    return Array.from({ length: 22 }, () => this.pick(BASE58)).join("");
  }
}
