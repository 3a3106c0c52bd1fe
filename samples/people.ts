// Invented people and accounts for the sample batch, drawn from a seed: the same seed, the same people.

/** Numbers in [0, limit), always the same sequence for a seed (mulberry32). */
export function drawing(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}

const FIRST_NAMES = [
  'Amina',
  'Brian',
  'Chantal',
  'Daniel',
  'Esi',
  'Faith',
  'Grace',
  'Hassan',
  'Irène',
  'John',
  'Kwame',
  'Lydia',
];
const LAST_NAMES = [
  'Achieng',
  'Banda',
  'Chukwu',
  'Diallo',
  'Eze',
  'Kamau',
  'Mensah',
  'Ngono',
  'Okello',
  'Uwase',
  'Wanjiru',
];

/** Beginnings of mobile numbers, each with the digits that are still to come. */
const MOBILES: Readonly<Record<string, readonly [prefix: string, digits: number]>> = {
  UG: ['+25677', 7],
  KE: ['+25471', 7],
  GH: ['+23324', 7],
  RW: ['+250788', 6],
  CM: ['+23767', 7],
  NG: ['+234803', 7],
  US: ['+1201', 7],
};

export interface Person {
  readonly firstName: string;
  readonly lastName: string;
  readonly phone: string;
}

export class People {
  readonly #draw: (limit: number) => number;
  constructor(draw: (limit: number) => number) {
    this.#draw = draw;
  }

  pick<T>(from: readonly T[]): T {
    const found = from[this.#draw(from.length)];
    if (found === undefined) throw new Error('nothing to pick from');
    return found;
  }

  /** A decimal string from `least` to `most` whole units, with cents where `cents` says so. */
  amount(least: number, most: number, cents: boolean): string {
    const whole = least + this.#draw(most - least);
    return cents ? `${whole}.${String(1 + this.#draw(99)).padStart(2, '0')}`.replace(/0$/, '') : String(whole);
  }

  /** Somebody in that country. `suffix`: the last four digits, which order the simulator's faults; others order none. */
  person(country: string, suffix = this.#plainSuffix()): Person {
    const [prefix, digits] = MOBILES[country] ?? ['+256770', 6];
    // A subscriber's number begins with 2 to 9 where the country is particular about that.
    const first = 2 + this.#draw(8);
    const middle = Array.from({ length: digits - 5 }, () => this.#draw(10)).join('');
    return {
      firstName: this.pick(FIRST_NAMES),
      lastName: this.pick(LAST_NAMES),
      phone: `${prefix}${first}${middle}${suffix}`,
    };
  }

  account(country: string, suffix = this.#plainSuffix()): string {
    const length = country === 'NG' ? 6 : 8;
    return `${1 + this.#draw(9)}${Array.from({ length: length - 1 }, () => this.#draw(10)).join('')}${suffix}`;
  }

  shuffle<T>(items: readonly T[]): T[] {
    const all = [...items];
    for (let at = all.length - 1; at > 0; at -= 1) {
      const other = this.#draw(at + 1);
      const one = all[at] as T;
      all[at] = all[other] as T;
      all[other] = one;
    }
    return all;
  }

  #plainSuffix(): string {
    return String(1000 + this.#draw(9000));
  }
}
