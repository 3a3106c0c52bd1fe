// What the parts of the overview share: its figures, and links from each to the list of exactly what it counts, if its reader may see that.
import { html } from 'hono/html';
import type { Figures } from '../overview/figures.ts';
import type { Range } from '../overview/range.ts';
import type { Summary } from '../overview/summary.ts';
import { panelOf } from '../panels/all.ts';
import { may, type Permission } from '../permissions.ts';
import type { Frame, Html } from './layout.ts';

export interface List {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
}

/** Whether whoever looks may see the list a figure counts. */
export function mayOpen({ session }: Frame, path: string): boolean {
  const permission: Permission | undefined = path === 'queues' ? 'look' : panelOf(path)?.permission;
  return session !== null && permission !== undefined && may(session.role, permission);
}

/** The list's address; null where there is none, or none for this reader. */
export function hrefOf(frame: Frame, { path, query }: List): string | null {
  if (!mayOpen(frame, path)) return null;
  const search = new URLSearchParams(query).toString().replaceAll('%3A', ':');
  return `${frame.base}/${path}${search === '' ? '' : `?${search}`}`;
}

/** A figure that leads to its list. Nothing counted is nothing to follow. */
export function figure(frame: Frame, text: string | Html, list: List | null, isNone = false): Html {
  const href = list === null || isNone ? null : hrefOf(frame, list);
  return href === null
    ? html`<span class="${isNone ? 'none' : ''}">${text}</span>`
    : html`<a href="${href}">${text}</a>`;
}

/** What the parts of the page share. */
export interface View {
  readonly frame: Frame;
  readonly figures: Figures;
  readonly summary: Summary;
  readonly range: Range;
  readonly currency: string | null;
  /** A list's filter for a span of the range: that of the whole range unless said. */
  readonly spanned: (name: string, from?: Date, to?: Date) => Readonly<Record<string, string>>;
}

/** The list of payments with these outcomes, in the page's range and currency. */
export function paymentsList(view: View, more: Readonly<Record<string, string>>, from?: Date, to?: Date): List {
  const inCurrency = view.currency === null ? {} : { currency: view.currency };
  return { path: 'transactions', query: { ...more, ...inCurrency, ...view.spanned('created', from, to) } };
}
