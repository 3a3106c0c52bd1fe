// Money by currency: what was collected, paid out and earned. Each currency stands alone; nothing is added up over them.
import { html } from 'hono/html';
import type { FigureName } from '../../activity/read.ts';
import type { MoneyOf } from '../overview/summary.ts';
import { readableAmount } from '../panels/cell.ts';
import type { Html } from './layout.ts';
import { figure, type List, mayOpen, type View } from './overview-view.ts';

export function moneyTable(view: View): Html {
  const { frame, summary, currency } = view;
  const columns = [
    ['Collected', 'collection.settled', settled(view, 'collection')],
    ['Paid out', 'payout.settled', settled(view, 'payout')],
    ['Fees kept', 'earned.service_fee', earned(view, 'service_fee')],
    ['Owed to partners', 'earned.commission', earned(view, 'commission')],
  ] as const satisfies readonly (readonly [string, FigureName, (currency: string) => List])[];
  const visible = columns.filter(([, , list]) => mayOpen(frame, list('').path));
  if (visible.length === 0) return html``;
  const rows = summary.money.filter((one) => currency === null || one.currency === currency);
  const row = (money: MoneyOf) =>
    html`<tr><th scope="row">${money.currency}</th>${visible.map(([, name, list]) => {
      const { count, amountMinor } = money.amounts.get(name) ?? { count: 0, amountMinor: 0n };
      return html`<td class="right">${figure(frame, readableAmount(amountMinor), list(money.currency), count === 0)}</td>`;
    })}</tr>`;
  return html`<section><h2>Money by currency</h2><div class="scroll"><table><thead><tr><th scope="col">Currency</th>${visible.map(
    ([title]) => html`<th scope="col" class="right">${title}</th>`,
  )}</tr></thead><tbody>${rows.map(row)}</tbody></table></div>
<p class="hint">Collected and paid out: settled amounts of payments that began in this time. Fees kept are what remains of the fees after the partners' share; returns are taken off. Before the provider's charges.</p></section>`;
}

const settled =
  (view: View, type: string) =>
  (currency: string): List => ({
    path: 'transactions',
    query: { type, status: 'settled', currency, ...view.spanned('created') },
  });

const earned =
  (view: View, kind: string) =>
  (currency: string): List => ({ path: 'earnings', query: { kind, currency, ...view.spanned('earned') } });
