// What an action showed, held against what it would do now: the same, or what has changed, in words.
import type { NewEntry } from '../../ledger/journal.ts';
import { formatAmount } from '../../money.ts';
import type { Outline } from './action.ts';

/** Entries by what they post where; their ids are made anew each time they are worked out. */
export function pinned(entries: readonly NewEntry[]): Outline {
  return Object.fromEntries(
    entries.flatMap(({ reference, currency, postings }) =>
      postings.map(([account, minor]) => [`${reference} on ${account}`, `${formatAmount(minor)} ${currency}`]),
    ),
  );
}

/** How much goes from one account to another, per currency. */
export function movedBy(entries: readonly NewEntry[]): ReadonlyMap<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const { currency, postings } of entries)
    for (const [, minor] of postings) if (minor > 0n) sums.set(currency, (sums.get(currency) ?? 0n) + minor);
  return sums;
}

/** One sentence for everything that is not as it was shown; none when all is. */
export function changes(shown: Outline, now: Outline): readonly string[] {
  return [...new Set([...Object.keys(shown), ...Object.keys(now)])]
    .filter((name) => shown[name] !== now[name])
    .map((name) => {
      if (now[name] === undefined) return `${name}: was ${shown[name]}, and is no more.`;
      return `${name}: is ${now[name]}, and was ${shown[name] ?? 'not there'}.`;
    });
}

export const isSame = (shown: Outline, now: Outline): boolean => changes(shown, now).length === 0;
