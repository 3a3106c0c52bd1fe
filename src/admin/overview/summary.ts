// Figures put together for the page: by type, by currency and by step. Money is never added up over currencies.
import { type Figure, type FigureName, OUTCOMES, type Outcome } from '../../activity/read.ts';
import { EARNING_KINDS } from '../../earnings/earning.ts';
import type { TransactionType } from '../../transactions/transaction.ts';
import { type Range, stepsOf } from './range.ts';

export const TYPES = ['payout', 'collection'] as const satisfies readonly TransactionType[];
export type Counts = Readonly<Record<Outcome, number>>;

/** Of one currency: what has moved, and what was earned, each with its number of rows. */
export interface MoneyOf {
  readonly currency: string;
  readonly payments: number;
  readonly amounts: ReadonlyMap<FigureName, { readonly count: number; readonly amountMinor: bigint }>;
}

export interface Step {
  readonly at: Date;
  readonly counts: Counts;
  /** Of the currency of the money charts. */
  readonly amounts: ReadonlyMap<FigureName, bigint>;
}

export interface Summary {
  readonly total: Counts;
  readonly byType: ReadonlyMap<TransactionType, Counts>;
  /** The currency with most payments first. */
  readonly money: readonly MoneyOf[];
  /** The currency of the money charts; null while nothing was paid. */
  readonly shown: string | null;
  readonly steps: readonly Step[];
}

export const MONEY_FIGURES = [
  'collection.settled',
  'payout.settled',
  ...EARNING_KINDS.map((kind) => `earned.${kind}` as const),
] as const satisfies readonly FigureName[];

/** `currency`: only payments in it are counted; null for those of all currencies. */
export function summarise(figures: readonly Figure[], range: Range, currency: string | null): Summary {
  const money = moneyOf(figures);
  const shown = currency ?? money[0]?.currency ?? null;
  const counted = currency === null ? figures : figures.filter((one) => one.currency === currency);
  const byStep = Map.groupBy(counted, (one) => one.at.getTime());
  const steps = stepsOf(range).map((at) => {
    const here = byStep.get(at.getTime()) ?? [];
    const amounts = here.filter((one) => one.currency === shown).map((one) => [one.figure, one.amountMinor] as const);
    return { at, counts: countsOf(here, TYPES), amounts: new Map(amounts) };
  });
  return {
    total: countsOf(counted, TYPES),
    byType: new Map(TYPES.map((type) => [type, countsOf(counted, [type])])),
    money,
    shown,
    steps,
  };
}

function countsOf(figures: readonly Figure[], types: readonly TransactionType[]): Counts {
  const counts = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Record<Outcome, number>;
  for (const { figure, count } of figures) {
    const [what = '', outcome = ''] = figure.split('.');
    if ((types as readonly string[]).includes(what)) counts[outcome as Outcome] += count;
  }
  return counts;
}

function moneyOf(figures: readonly Figure[]): readonly MoneyOf[] {
  const byCurrency = Map.groupBy(figures, (one) => one.currency);
  const rows = [...byCurrency].map(([currency, all]) => {
    const amounts = MONEY_FIGURES.map((name) => {
      const some = all.filter((one) => one.figure === name);
      const count = some.reduce((sum, one) => sum + one.count, 0);
      return [name, { count, amountMinor: some.reduce((sum, one) => sum + one.amountMinor, 0n) }] as const;
    });
    return { currency, payments: sumOf(countsOf(all, TYPES)), amounts: new Map(amounts) };
  });
  return rows.toSorted((a, b) => b.payments - a.payments || (a.currency < b.currency ? -1 : 1));
}

export const sumOf = (counts: Counts): number => OUTCOMES.reduce((sum, outcome) => sum + counts[outcome], 0);

/** Payments that the provider has had the last word on. What came back had succeeded at first, and did not in the end. */
export const endedOf = (counts: Counts): number => counts.settled + counts.failed + counts.reversed;

/** `98.3 %`, rounded down: it is 100 % only where nothing failed. Null of nothing. */
export function share(part: number, whole: number): string | null {
  if (whole === 0) return null;
  const tenths = Math.floor((part * 1000) / whole);
  if (tenths === 0 && part > 0) return '< 0.1 %';
  return `${Math.floor(tenths / 10)}.${tenths % 10} %`.replace('100.0', '100');
}

/** `1234567` → `1,234,567`. */
export const grouped = (count: number): string => String(count).replace(/\B(?=([0-9]{3})+$)/g, ',');
