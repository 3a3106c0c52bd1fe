// One value of a list or a page: what it is, so that page and CSV each show it in their own way.
import { formatAmount } from '../../money.ts';

export type Tone = 'good' | 'busy' | 'warn' | 'bad' | 'quiet';

export type Cell =
  | null
  | { readonly as: 'text'; readonly text: string }
  /** An id, a reference, a code: shown in a fixed pitch. */
  | { readonly as: 'code'; readonly text: string }
  /** `to` is an address below the console, such as `wallets/wa01J…`. */
  | { readonly as: 'link'; readonly to: string; readonly text: string }
  | { readonly as: 'money'; readonly minor: bigint; readonly currency: string | null }
  | { readonly as: 'time'; readonly at: Date }
  | { readonly as: 'status'; readonly word: string; readonly tone: Tone }
  | { readonly as: 'json'; readonly value: unknown };

type Maybe<T> = T | null | undefined;

export const text = (value: Maybe<string | number | bigint>): Cell =>
  value === null || value === undefined || value === '' ? null : { as: 'text', text: String(value) };
export const code = (value: Maybe<string>): Cell => (value ? { as: 'code', text: value } : null);
export const time = (at: Maybe<Date>): Cell => (at ? { as: 'time', at } : null);
export const money = (minor: Maybe<bigint>, currency: string | null): Cell =>
  minor === null || minor === undefined ? null : { as: 'money', minor, currency };
export const status = (word: string, tone: Tone): Cell => ({ as: 'status', word, tone });
/** Nothing for an object without anything in it. */
export const json = (value: unknown): Cell =>
  value === null || (typeof value === 'object' && Object.keys(value).length === 0) ? null : { as: 'json', value };
export const link = (panel: string, id: Maybe<string>, name?: Maybe<string>): Cell =>
  id ? { as: 'link', to: `${panel}/${encodeURIComponent(id)}`, text: name || id } : null;

/** The cell as plain text: for CSV, where amounts are plain decimals and moments RFC 3339. Null is empty. */
export function plain(cell: Cell): string | null {
  if (cell === null) return null;
  switch (cell.as) {
    case 'money':
      return formatAmount(cell.minor);
    case 'time':
      return cell.at.toISOString();
    case 'status':
      return cell.word;
    case 'json':
      return jsonText(cell.value);
    default:
      return cell.text;
  }
}

/** JSON in which a bigint is a string: there is no other way to write one without loss. */
export function jsonText(value: unknown, indent?: number): string {
  return JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? String(inner) : inner), indent) ?? 'null';
}

/** `123456750n` → `1,234,567.50`; whole amounts of any currency stay short: `200000n` → `2,000`. */
export function readableAmount(minor: bigint): string {
  const sign = minor < 0n ? '−' : '';
  const absolute = minor < 0n ? -minor : minor;
  const whole = (absolute / 100n).toString().replace(/\B(?=([0-9]{3})+$)/g, ',');
  const cents = absolute % 100n;
  return cents === 0n ? `${sign}${whole}` : `${sign}${whole}.${cents.toString().padStart(2, '0')}`;
}
