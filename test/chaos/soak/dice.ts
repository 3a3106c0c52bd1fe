// Chance that can be repeated: the same seed gives the same numbers, whatever else happens meanwhile.
import { createHash } from 'node:crypto';

export interface Dice {
  /** From 0 to below 1. */
  unit(): number;
  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number;
  one<T>(of: readonly T[]): T;
  shuffled<T>(of: readonly T[]): T[];
}

/** `purpose` keeps two uses of one seed from disturbing each other. */
export function diceOf(seed: string, purpose: string): Dice {
  let throws = 0;
  const unit = () => {
    throws += 1;
    return createHash('sha256').update(`${seed}\n${purpose}\n${throws}`).digest().readUIntBE(0, 6) / 2 ** 48;
  };
  const between = (least: number, most: number) => least + Math.floor(unit() * (most - least + 1));
  return {
    unit,
    between,
    one: (of) => of[between(0, of.length - 1)] as (typeof of)[number],
    shuffled(of) {
      const rest = [...of];
      return of.map(() => rest.splice(between(0, rest.length - 1), 1)[0] as (typeof of)[number]);
    },
  };
}
