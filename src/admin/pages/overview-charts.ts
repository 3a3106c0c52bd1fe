// The charts of the overview, each with a legend, and with a table of the same figures for whoever does not see it.
import { html } from 'hono/html';
import type { FigureName } from '../../activity/read.ts';
import { chartHtml, type Drawn, evenly } from '../overview/chart.ts';
import { endOf, type Range } from '../overview/range.ts';
import { grouped, type Step } from '../overview/summary.ts';
import { readableAmount } from '../panels/cell.ts';
import type { Html } from './layout.ts';
import { hrefOf, mayOpen, paymentsList, type View } from './overview-view.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAY_MINUTES = 1440;
const MANY = 60;

/** What a step is called: its time of day, its day, or both. */
function nameOf(range: Range, at: Date, of: { whole: boolean }): string {
  const day = `${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]}`;
  const time = at.toISOString().slice(11, 16);
  if (range.stepMinutes >= DAY_MINUTES) return day;
  if (of.whole) return `${day} ${time}`;
  return range.to.getTime() - range.from.getTime() <= DAY_MINUTES * 60_000 ? time : day;
}

interface Column {
  readonly name: string;
  readonly tone: string;
  /** What the drawing is made of, and what the table says. */
  readonly value: (step: Step) => number;
  readonly text: (step: Step) => string;
}

function chart(
  view: View,
  of: Pick<Drawn, 'id' | 'title' | 'kind'> & {
    unit: string;
    columns: readonly Column[];
    href: (step: Step) => string | null;
  },
): Html {
  const { range, summary } = view;
  const { columns } = of;
  const shown = summary.steps.filter((step) => columns.some((column) => column.value(step) !== 0));
  const said = (step: Step) =>
    columns.flatMap((column) => (column.value(step) === 0 ? [] : [`${column.name} ${column.text(step)}`])).join(', ');
  const drawn: Drawn = {
    ...of,
    description: `${of.title}, ${summary.steps.length} steps from ${range.from.toISOString().slice(0, 16)} UTC; the table below has every figure.`,
    series: columns.map(({ name, tone, value }) => ({ name, tone, values: summary.steps.map(value) })),
    times: evenly(summary.steps.map(({ at }) => nameOf(range, at, { whole: false }))),
    steps: summary.steps.map((step) => {
      const text = said(step);
      return {
        text: `${nameOf(range, step.at, { whole: true })}: ${text || 'none'}`,
        href: text && of.id === 'payments' ? of.href(step) : null,
      };
    }),
  };
  // Links are most of the page's letters: with many steps, those of money are left to the table by currency.
  const isLinked = of.id === 'payments' || summary.steps.length <= MANY;
  const row = (step: Step) => {
    const href = isLinked ? of.href(step) : null;
    const name = nameOf(range, step.at, { whole: true });
    // HTML closes cells and rows by itself.
    return html`<tr><td>${href === null ? name : html`<a href="${href}">${name}</a>`}${columns.map((column) => html`<td>${column.text(step)}`)}`;
  };
  return html`<figure class="chart card"><figcaption><h2>${of.title}</h2><ul class="legend">${columns.map(({ name, tone }) => html`<li class="${tone}">${name}</li>`)}</ul></figcaption>
${chartHtml(drawn)}
<details><summary>As a table</summary>${
    shown.length === 0
      ? html`<p class="quiet">Nothing in this time.</p>`
      : html`<div class="scroll"><table><caption class="quiet">${of.unit}. Times in UTC; those without anything are left out.</caption><thead><tr><th scope="col">From</th>${columns.map(({ name }) => html`<th scope="col" class="right">${name}</th>`)}</tr></thead><tbody>${shown.map(row)}</tbody></table></div>`
  }</details></figure>`;
}

export function paymentsChart(view: View): Html {
  const { frame, range, currency } = view;
  if (!mayOpen(frame, 'transactions')) return html``;
  const column = (name: string, tone: string, value: (step: Step) => number): Column => ({
    name,
    tone,
    value,
    text: (step) => grouped(value(step)),
  });
  return chart(view, {
    id: 'payments',
    title: `Payments ${currency === null ? '' : `in ${currency} `}by when they began`,
    kind: 'bars',
    unit: 'Number of payments by when they began, and what became of them',
    columns: [
      column('settled', 'settled', ({ counts }) => counts.settled),
      column('under way', 'moving', ({ counts }) => counts.under_way),
      column('waiting for a person', 'held', ({ counts }) => counts.in_review + counts.awaiting_approval),
      column('cancelled', 'other', ({ counts }) => counts.cancelled),
      column('failed or came back', 'failed', ({ counts }) => counts.failed + counts.reversed),
    ],
    href: ({ at }) => hrefOf(frame, paymentsList(view, {}, at, endOf(range, at))),
  });
}

function amountColumn(name: string, tone: string, figure: FigureName): Column {
  const amount = (step: Step) => step.amounts.get(figure) ?? 0n;
  // A drawing is as exact as its pixels; the words come from the exact amount.
  return { name, tone, value: (step) => Number(amount(step)) / 100, text: (step) => readableAmount(amount(step)) };
}

export function moneyChart(view: View): Html {
  const { frame, range, summary } = view;
  const { shown } = summary;
  if (shown === null || !mayOpen(frame, 'transactions')) return html``;
  return chart(view, {
    id: 'money',
    title: `Money moved, ${shown}`,
    kind: 'lines',
    unit: `Settled amounts in ${shown}, by when the payments began`,
    columns: [amountColumn('collected', 'in', 'collection.settled'), amountColumn('paid out', 'out', 'payout.settled')],
    href: ({ at }) => hrefOf(frame, paymentsList(view, { status: 'settled', currency: shown }, at, endOf(range, at))),
  });
}

export function earningsChart(view: View): Html {
  const { frame, range, summary } = view;
  const { shown } = summary;
  if (shown === null || !mayOpen(frame, 'earnings')) return html``;
  return chart(view, {
    id: 'earnings',
    title: `Earnings, ${shown}`,
    kind: 'bars',
    unit: `Earned in ${shown}, less what returns took back`,
    columns: [
      amountColumn('fees kept', 'in', 'earned.service_fee'),
      amountColumn('owed to partners', 'out', 'earned.commission'),
    ],
    href: ({ at }) =>
      hrefOf(frame, { path: 'earnings', query: { currency: shown, ...view.spanned('earned', at, endOf(range, at)) } }),
  });
}
