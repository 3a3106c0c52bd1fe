// The overview's range, as its address says it: a preset that ends now, or days of one's own; always in UTC, always in whole steps.
import type { Grain, Span } from '../../activity/read.ts';
import { InvalidRequest } from '../../errors.ts';
import { CURRENCIES } from '../../money.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** More than a year and a month back nobody compares by the day; and a page has room for so many bars. */
const MOST_DAYS = 400;

interface Preset {
  readonly label: string;
  readonly grain: Grain;
  readonly stepMinutes: number;
  /** Steps, the present one included. */
  readonly steps: number;
}

export const PRESETS = {
  '1h': { label: '1 hour', grain: 5, stepMinutes: 5, steps: 12 },
  '24h': { label: '24 hours', grain: 5, stepMinutes: 30, steps: 48 },
  '7d': { label: '7 days', grain: 60, stepMinutes: 180, steps: 56 },
  '30d': { label: '30 days', grain: 1440, stepMinutes: 1440, steps: 30 },
  '90d': { label: '90 days', grain: 1440, stepMinutes: 1440, steps: 90 },
} as const satisfies Record<string, Preset>;
export type PresetName = keyof typeof PRESETS;
const OTHERWISE: PresetName = '24h';

export interface Range extends Span {
  readonly preset: PresetName | null;
  /** Of days of one's own, as given; both included. */
  readonly days: { readonly from: string; readonly to: string } | null;
}

export interface Asked {
  readonly range: Range;
  /** Null: the one in which most was paid. */
  readonly currency: string | null;
}

/** Reads `range`, `from`, `to` and `currency`. Raises InvalidRequest naming the one that cannot be. */
export function readAsked(query: (name: string) => string | undefined, now: Date): Asked {
  const given = (name: string) => query(name)?.trim() || null;
  const currency = given('currency');
  if (currency !== null && !CURRENCIES.includes(currency))
    throw wrong('currency', `Currency: choose one of ${CURRENCIES.join(', ')}.`);
  const [name, from, to] = [given('range'), given('from'), given('to')];
  if (from !== null || to !== null) {
    if (name !== null) throw wrong('range', 'Range: give a range, or days of your own, but not both.');
    return { range: daysOf(from, to, now), currency };
  }
  const preset = name ?? OTHERWISE;
  if (!Object.hasOwn(PRESETS, preset))
    throw wrong('range', `Range: choose one of ${Object.keys(PRESETS).join(', ')}, or give from and to.`);
  return { range: presetOf(preset as PresetName, now), currency };
}

function presetOf(preset: PresetName, now: Date): Range {
  const { grain, stepMinutes, steps } = PRESETS[preset];
  const stepMs = stepMinutes * MINUTE_MS;
  const to = Math.floor(now.getTime() / stepMs + 1) * stepMs;
  return { preset, days: null, grain, stepMinutes, from: new Date(to - steps * stepMs), to: new Date(to) };
}

function daysOf(first: string | null, last: string | null, now: Date): Range {
  const today = now.toISOString().slice(0, 10);
  if (first === null) throw wrong('from', 'From: give the first day, such as 2027-01-31.');
  const days = { from: first, to: last ?? today };
  const [from, end] = [readDay('from', days.from), readDay('to', days.to)];
  if (from.getTime() > now.getTime()) throw wrong('from', 'From: that day is still to come.');
  if (end < from) throw wrong('to', 'To: the last day is before the first.');
  const count = Math.round((end.getTime() - from.getTime()) / DAY_MS) + 1;
  if (count > MOST_DAYS) throw wrong('to', `To: at most ${MOST_DAYS} days at a time.`);
  const step = stepOf(count);
  // Whole steps: a last week may reach beyond the last day, where nothing is counted.
  return { preset: null, days, ...step, from, to: new Date(end.getTime() + DAY_MS) };
}

/** As many bars as can be told apart. */
function stepOf(days: number): { readonly grain: Grain; readonly stepMinutes: number } {
  if (days === 1) return { grain: 60, stepMinutes: 60 };
  if (days <= 3) return { grain: 60, stepMinutes: 120 };
  if (days <= 14) return { grain: 60, stepMinutes: 360 };
  return { grain: 1440, stepMinutes: days <= 92 ? 1440 : 7 * 1440 };
}

function readDay(name: 'from' | 'to', text: string): Date {
  const at = new Date(/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text) ? `${text}T00:00:00Z` : Number.NaN);
  const isReal = !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text) && at.getUTCFullYear() >= 2000;
  if (!isReal) throw wrong(name, `${name === 'from' ? 'From' : 'To'}: give a day such as 2027-01-31.`);
  return at;
}

const wrong = (field: string, sentence: string) => InvalidRequest.field(field, 'invalid_range', sentence);

/** The beginnings of all steps. */
export function stepsOf(range: Span): readonly Date[] {
  const stepMs = range.stepMinutes * MINUTE_MS;
  const count = Math.ceil((range.to.getTime() - range.from.getTime()) / stepMs);
  return Array.from({ length: count }, (_, n) => new Date(range.from.getTime() + n * stepMs));
}

/** When the step that begins at `at` ends: the last one with its range. */
export function endOf(range: Span, at: Date): Date {
  return new Date(Math.min(at.getTime() + range.stepMinutes * MINUTE_MS, range.to.getTime()));
}

/** The range in an address of the overview. */
export function queryOf(range: Range): Readonly<Record<string, string>> {
  return range.days ?? { range: range.preset ?? OTHERWISE };
}

/** A time as the filters of lists take it: a day when it begins one, else with hours and minutes. */
const momentOf = (at: Date) => `${at.toISOString().slice(0, 16)}Z`;

/** The same span as a filter of a list: whole days as days, else moments, of which the last is not included. */
export function filterOf(name: string, from: Date, to: Date | null): Readonly<Record<string, string>> {
  const isDays = from.getTime() % DAY_MS === 0 && (to === null || to.getTime() % DAY_MS === 0);
  const first = isDays ? from.toISOString().slice(0, 10) : momentOf(from);
  if (to === null) return { [`${name}From`]: first };
  const last = isDays ? new Date(to.getTime() - DAY_MS).toISOString().slice(0, 10) : momentOf(to);
  return { [`${name}From`]: first, [`${name}To`]: last };
}
