// What many panels share: filters by merchant, currency and id, and how words are coloured.
import { CURRENCIES } from '../../money.ts';
import type { State } from '../../transactions/states.ts';
import { type Cell, link, status, type Tone } from './cell.ts';
import type { Condition, Filter } from './panel.ts';

export const ID = (prefix: string) => new RegExp(`^${prefix}[0-9A-Z]{26}$`);

/** A choice among words that stand in a column. */
export function words(
  of: { name: string; label: string; column: string },
  values: readonly string[],
  when: (value: string) => Condition = (value) => ({ sql: `${of.column} = '${value}'` }),
): Filter {
  const options = values.map((value) => [value, { label: value.replaceAll('_', ' '), when: when(value) }] as const);
  return { kind: 'choice', name: of.name, label: of.label, options: Object.fromEntries(options) };
}

export const byCurrency = (column = 't.currency'): Filter =>
  words({ name: 'currency', label: 'Currency', column }, CURRENCIES);

export const byMethod: Filter = words({ name: 'method', label: 'Method', column: 't.method' }, [
  'momo',
  'bank',
  'eversend',
]);

/** `indexed` where an index begins with the column and goes on in the list's order. */
export function byId(of: { name: string; label: string; column: string; prefix: string; indexed?: true }): Filter {
  return {
    kind: 'text',
    name: of.name,
    label: of.label,
    form: ID(of.prefix),
    hint: `Give an id such as ${of.prefix.replace(/[(|)]/g, '').slice(0, 2)}01J….`,
    when: (id) => ({ sql: `${of.column} = ?`, values: [id], ...(of.indexed ? { indexed: true } : {}) }),
  };
}

/** Rows about one thing, whatever it is. */
export const bySubject: Filter = {
  kind: 'text',
  name: 'subject',
  label: 'Subject',
  form: /^[\x21-\x7e]{1,130}$/,
  hint: 'Give the id of what it is about.',
  when: (id) => ({ sql: 't.subject = ?', values: [id], indexed: true }),
};

export const merchant = (id: string | null, name: string | null): Cell => link('merchants', id, name);

const TONES: Readonly<Record<State, Tone>> = {
  awaiting_approval: 'warn',
  accepted: 'quiet',
  submitting: 'busy',
  submitted: 'busy',
  in_review: 'warn',
  settled: 'good',
  failed: 'bad',
  cancelled: 'quiet',
  reversed: 'bad',
};
export const stateOf = (state: State): Cell => status(state.replaceAll('_', ' '), TONES[state]);

/** Who did it: an administrator, an API key, or a part of the system. */
export function actor(name: string | null): Cell {
  if (name === null) return null;
  const [kind = '', id = ''] = name.split(':');
  if (kind === 'key' && ID('ak').test(id)) return link('keys', id, `key ${id}`);
  if (kind === 'admin' && ID('ad').test(id)) return link('administrators', id, name);
  if (kind === 'webhook' && ID('we').test(id)) return link('webhook-events', id, `webhook ${id}`);
  return { as: 'text', text: name };
}

/** What an id in an audit row or a case's subject is about, as a link where it has a page. */
export function subject(id: string | null): Cell {
  if (id === null) return null;
  const panel = PANELS.get(id.slice(0, 2));
  return panel !== undefined && /^[a-z]{2}[0-9A-Z]{26}$/.test(id) ? link(panel, id) : { as: 'code', text: id };
}

export const PANELS: ReadonlyMap<string, string> = new Map([
  ['po', 'transactions'],
  ['co', 'transactions'],
  ['wa', 'wallets'],
  ['be', 'beneficiaries'],
  ['je', 'entries'],
  ['we', 'webhook-events'],
  ['me', 'merchants'],
  ['ca', 'cases'],
  ['ak', 'keys'],
  ['fs', 'fees'],
  ['ad', 'administrators'],
  ['bu', 'bulks'],
  ['ep', 'endpoints'],
  ['de', 'deliveries'],
  ['rp', 'replays'],
  ['pr', 'proposals'],
]);
