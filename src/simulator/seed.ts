// Deterministic chance: whatever looks random in the simulator is a hash of the seed and of the thing decided, never of arrival order.
import { createHash } from 'node:crypto';

type Part = string | number;

export interface Seed {
  /** In [0, 1). */
  unit(...parts: readonly Part[]): number;
  /** A whole number in [0, limit). */
  below(limit: number, ...parts: readonly Part[]): number;
  /** Lower-case hex text of that length (at most 64). */
  hex(length: number, ...parts: readonly Part[]): string;
}

export function makeSeed(seed: string): Seed {
  const hash = (parts: readonly Part[]) => hash53(`${seed}\n${parts.join('\n')}`);
  return {
    unit: (...parts) => hash(parts) / 2 ** 53,
    below: (limit, ...parts) => hash(parts) % limit,
    hex: (length, ...parts) =>
      createHash('sha256')
        .update(`${seed}\n${parts.join('\n')}`)
        .digest('hex')
        .slice(0, length),
  };
}

/** cyrb53: 53 well-mixed bits for far less than a cryptographic hash costs; this runs on every call while faults are on. */
function hash53(text: string): number {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    high = Math.imul(high ^ code, 2654435761);
    low = Math.imul(low ^ code, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return 4294967296 * (2097151 & low) + (high >>> 0);
}
