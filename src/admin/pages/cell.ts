// Cells and facts as HTML. Every text is escaped by the template; addresses are made here, of ids only.
import { html } from 'hono/html';
import { type Cell, jsonText, readableAmount } from '../panels/cell.ts';
import type { Html } from './layout.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `23 Nov 05:26:09`, with the year unless it is this one; in UTC as everywhere in the console. */
export function timeHtml(at: Date): Html {
  const iso = at.toISOString();
  const year = at.getUTCFullYear();
  const day = `${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]}${year === new Date().getUTCFullYear() ? '' : ` ${year}`}`;
  return html`<time datetime="${iso}" title="${iso}">${day} <span class="clock">${iso.slice(11, 19)}</span></time>`;
}

const IS_ID = /^[a-z]{2}[0-9A-Z]{26}|^[a-z_]+:[A-Z]{3}$/;

/** Long ids by their ends in lists, where the end tells them apart; the whole stands in the title. */
export const short = (id: string): string => id.replace(/\b([a-z]{2}[0-9A-Z]{4})[0-9A-Z]{16}([0-9A-Z]{6})\b/, '$1…$2');

export function cellHtml(base: string, cell: Cell, of: { whole?: boolean } = {}): Html {
  if (cell === null) return html`<span class="none">–</span>`;
  switch (cell.as) {
    case 'text':
      return html`${cell.text}`;
    case 'code':
      return html`<code title="${cell.text}">${of.whole ? cell.text : short(cell.text)}</code>`;
    case 'link':
      return html`<a href="${base}/${cell.to}" title="${cell.text}" ${IS_ID.test(cell.text) ? 'class=id' : ''}>${short(cell.text)}</a>`;
    case 'money':
      return html`<span class="money">${readableAmount(cell.minor)}</span> <span class="currency">${cell.currency ?? ''}</span>`;
    case 'time':
      return timeHtml(cell.at);
    case 'status':
      return html`<span class="badge ${cell.tone}">${cell.word}</span>`;
    case 'json':
      return html`<pre class="json">${jsonText(cell.value, 2)}</pre>`;
    default:
      return cell satisfies never;
  }
}

/** Named values; those that are not there are left out. */
export function factsHtml(base: string, facts: readonly (readonly [label: string, cell: Cell])[]): Html {
  const known = facts.filter(([, cell]) => cell !== null);
  if (known.length === 0) return html`<p class="quiet">Nothing yet.</p>`;
  return html`<dl>${known.map(
    ([label, cell]) => html`<div><dt>${label}</dt><dd>${cellHtml(base, cell, { whole: true })}</dd></div>`,
  )}</dl>`;
}
