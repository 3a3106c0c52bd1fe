// Reads a list's filters from the query: what they ask of the rows, and what they were, for the form and the links of the page.
import { InvalidRequest } from '../../errors.ts';
import type { AnyPanel, Condition, Filter } from './panel.ts';

export interface Filtered {
  readonly conditions: readonly Condition[];
  /** What was chosen, by query parameter. */
  readonly given: ReadonlyMap<string, string>;
}

/** Raises InvalidRequest naming the filter whose value cannot be one. */
export function readFilters(panel: AnyPanel, query: (name: string) => string | undefined): Filtered {
  const given = new Map<string, string>();
  const conditions: Condition[] = [];
  for (const filter of panel.filters) {
    for (const name of parametersOf(filter)) {
      const value = query(name)?.trim() ?? '';
      if (value !== '') given.set(name, value);
    }
    conditions.push(...conditionsOf(filter, given).map((one) => ({ ...one, filter: filter.name })));
  }
  return { conditions, given };
}

export const parametersOf = (filter: Filter): readonly string[] =>
  filter.kind === 'days' ? [`${filter.name}From`, `${filter.name}To`] : [filter.name];

function conditionsOf(filter: Filter, given: ReadonlyMap<string, string>): readonly Condition[] {
  const value = given.get(filter.name);
  switch (filter.kind) {
    case 'choice': {
      const chosen = value ?? filter.otherwise;
      if (chosen === undefined) return [];
      const option = Object.hasOwn(filter.options, chosen) ? filter.options[chosen] : undefined;
      if (option === undefined) throw wrong(filter, `Choose one of ${Object.keys(filter.options).join(', ')}.`);
      return option.when === null ? [] : [option.when];
    }
    case 'text':
      if (value === undefined) return [];
      if (!filter.form.test(value)) throw wrong(filter, filter.hint);
      return [filter.when(value)];
    case 'amount': {
      const match = value === undefined ? null : /^([0-9]{1,12})(?:\.([0-9]{1,2}))?$/.exec(value.replaceAll(',', ''));
      if (value === undefined) return [];
      if (match === null) throw wrong(filter, 'Give an amount in major units, such as 2000 or 21.71.');
      const minor = BigInt(match[1] ?? '0') * 100n + BigInt((match[2] ?? '').padEnd(2, '0'));
      return [{ sql: `${filter.column} = ?::bigint`, values: [minor.toString()] }];
    }
    case 'days':
      return [...begin(filter, given), ...end(filter, given)];
    default:
      return filter satisfies never;
  }
}

type Days = Extract<Filter, { kind: 'days' }>;
const DAY_MS = 86_400_000;
/** Ids are made by another clock than rows: so much may these two be apart. */
const APART_MS = 3_600_000;
/** And a payout of a bulk has its id before its turn, which may take so long to come. */
const WAITED_MS = 7 * DAY_MS;

function begin(filter: Days, given: ReadonlyMap<string, string>): readonly Condition[] {
  const day = readDay(filter, given.get(`${filter.name}From`));
  return day === null ? [] : bound(filter, '>=', day, typeof filter.idPrefix === 'string' ? -APART_MS : -WAITED_MS);
}

function end(filter: Days, given: ReadonlyMap<string, string>): readonly Condition[] {
  const day = readDay(filter, given.get(`${filter.name}To`));
  if (day === null) return [];
  const next = hasTime(given.get(`${filter.name}To`)) ? day : new Date(day.getTime() + DAY_MS);
  return bound(filter, '<', next, APART_MS);
}

/** The ids find the rows, the stored time decides. */
function bound({ column, idPrefix }: Days, than: '>=' | '<', at: Date, slackMs: number): readonly Condition[] {
  const stored = { sql: `${column} ${than} ?::timestamptz`, values: [at.toISOString()] };
  const byId = (prefix: string) => ({ sql: `t.id ${than} ?`, values: [idAt(prefix, at.getTime() + slackMs)] });
  if (idPrefix === undefined) return [{ ...stored, indexed: true }];
  if (typeof idPrefix === 'string') return [{ ...byId(idPrefix), indexed: true }, stored];
  const each = idPrefix.map((prefix) => ({ ...byId(prefix), indexed: true as const, prefix }));
  return [...each, { ...stored, indexed: true }];
}

function readDay(filter: Days, text: string | undefined): Date | null {
  if (text === undefined) return null;
  const isMoment = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}Z$/.test(text);
  const isDay = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text);
  const at = new Date(isMoment ? text : isDay ? `${text}T00:00:00Z` : Number.NaN);
  const isReal =
    !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text.replace('Z', '')) && at.getUTCFullYear() >= 2000;
  if (!isReal) throw wrong(filter, 'Give a day such as 2027-01-31.');
  return at;
}

/** A day, both ends included; or a moment such as 2027-01-31T10:30Z, of which the last one is not: what the overview counts. */
export const hasTime = (text: string | undefined): boolean => text?.includes('T') === true;

const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** The smallest id made at that moment: ids begin with their time, so their order serves for dates too. */
function idAt(prefix: string, ms: number): string {
  let rest = Math.max(0, ms);
  let text = '';
  for (let place = 0; place < 10; place += 1) {
    text = (LETTERS[rest % 32] ?? '0') + text;
    rest = Math.floor(rest / 32);
  }
  return prefix + text;
}

function wrong(filter: Filter, sentence: string): InvalidRequest {
  return InvalidRequest.field(filter.label, 'invalid_filter', `${filter.label}: ${sentence}`);
}
