// The front page: what needs a person now, and for a range how payments, money and everything around them did.
import { html } from 'hono/html';
import type { Outcome } from '../../activity/read.ts';
import { type Attention, ageOf, attentionOf } from '../overview/attention.ts';
import type { Figures } from '../overview/figures.ts';
import { filterOf, PRESETS, queryOf, type Range } from '../overview/range.ts';
import { type Counts, endedOf, grouped, share, summarise, sumOf, TYPES } from '../overview/summary.ts';
import { may } from '../permissions.ts';
import { timeHtml } from './cell.ts';
import { type Frame, type Html, page } from './layout.ts';
import { earningsChart, moneyChart, paymentsChart } from './overview-charts.ts';
import { healthSections } from './overview-health.ts';
import { moneyTable } from './overview-money.ts';
import { figure, hrefOf, type List, mayOpen, paymentsList, type View } from './overview-view.ts';

export interface Looked {
  readonly range: Range;
  readonly currency: string | null;
  readonly done: string | null;
}

export function overviewPage(frame: Frame, figures: Figures, of: Looked): Html {
  const { currency } = of;
  const { range } = figures;
  const summary = summarise(figures.activity.figures, range, currency);
  const spanned: View['spanned'] = (name, from = range.from, to) =>
    filterOf(name, from, to ?? (range.preset === null ? range.to : null));
  const view: View = { frame, figures, summary, range, currency, spanned };
  const isEmpty = !summary.money.some((one) => currency === null || one.currency === currency);
  const content = html`<div class="overview"><div class="title"><h1>Overview</h1>${ranges(view)}</div>
${of.done === null ? '' : html`<p class="notice" role="status">${of.done}</p>`}
${attention(view)}
${figures.activity.behind ? html`<p class="problem" role="status">A great many payments have just moved: the figures below are a little behind, and catching up while workers run.</p>` : ''}
${isEmpty ? nothing(view) : html`${tiles(view)}${paymentsChart(view)}${byType(view)}<div class="pair">${moneyChart(view)}${earningsChart(view)}</div>${moneyTable(view)}`}
${healthSections(view)}</div>`;
  return page(frame, { title: 'Overview', here: '', content });
}

function ranges({ frame: { base }, range, currency, summary }: View): Html {
  const address = (query: Readonly<Record<string, string>>, of: string | null) =>
    `${base}?${new URLSearchParams({ ...query, ...(of === null ? {} : { currency: of }) })}`;
  const choice = (href: string, label: string, isHere: boolean) =>
    html`<a href="${href}" ${isHere ? html`aria-current="true"` : ''}>${label}</a>`;
  const currencies = [
    ...new Set([...summary.money.map((one) => one.currency), ...(currency === null ? [] : [currency])]),
  ];
  return html`<div class="choices"><nav class="choice" aria-label="Range">${Object.entries(PRESETS).map(
    ([name, { label }]) => choice(address({ range: name }, currency), label, range.preset === name),
  )}</nav>
<details class="own" ${range.days === null ? '' : 'open'}><summary>Days</summary><form method="get" action="${base}">
<label>From <input type="date" name="from" required value="${range.days?.from ?? ''}"></label><label>to <input type="date" name="to" value="${range.days?.to ?? ''}"></label>
${currency === null ? '' : html`<input type="hidden" name="currency" value="${currency}">`}<button class="quiet">Show</button></form></details>
${
  currencies.length < 2 && currency === null
    ? ''
    : html`<nav class="choice" aria-label="Currency">${choice(address(queryOf(range), null), 'All currencies', currency === null)}${currencies.map(
        (one) => choice(address(queryOf(range), one), one, currency === one),
      )}</nav>`
}</div>`;
}

function attention({ frame, figures: { now } }: View): Html {
  const role = frame.session?.role ?? 'viewer';
  const visible = attentionOf(now).filter(({ permission }) => permission === undefined || may(role, permission));
  const one = ({ tone, count, isMore, sentence, since, list }: Attention) => {
    const href = list === null ? null : hrefOf(frame, list);
    const words = html`${count === null ? '' : html`<b>${grouped(count)}${isMore ? '+' : ''}</b> `}${sentence}`;
    return html`<li class="${tone}">${href === null ? html`<span>${words}</span>` : html`<a href="${href}">${words}</a>`}
${since === null ? '' : html`<span class="age" title="${since.toISOString()}">${ageOf(since, now.at)}</span>`}</li>`;
  };
  const asOf = html`<span class="quiet asof">as of ${timeHtml(now.at)} UTC</span>`;
  return html`<section id="live" class="attention ${visible.length === 0 ? 'calm' : ''}" aria-label="What needs a person now"><div data-live="15000"></div>${
    visible.length === 0
      ? html`<p><span><b>Nothing needs a person now.</b> No case is open, nothing waits for approval, and what is due is done.</span>${asOf}</p>`
      : html`<h2>Needs a person now ${asOf}</h2><ul>${visible.map(one)}</ul>`
  }</section>`;
}

function nothing({ frame, range, currency }: View): Html {
  const { base } = frame;
  const wider = range.preset === '90d' || range.preset === null ? null : `${base}?range=90d`;
  return html`<div class="empty"><h2>No payment began in this time${currency === null ? '' : ` in ${currency}`}</h2>
<p>${wider === null ? '' : html`<a href="${wider}">Look at the last 90 days</a>, or begin here:`}</p>
<ol><li>Make a merchant and its API key: <code>cli merchants create</code>, then <code>cli keys create</code>.</li>
<li>Put money into its wallet: <code>cli wallets fund</code>.</li>
<li>Send a payout or a collection to the API: its <a href="${base.slice(0, -'/admin'.length)}/docs">first payment</a> takes five minutes.</li></ol></div>`;
}

function tiles(view: View): Html {
  const { frame, summary } = view;
  if (!mayOpen(frame, 'transactions')) return html``;
  const { total } = summary;
  const tile = (name: string, value: string, list: List | null, note: string, tone = '') =>
    html`<div class="tile ${tone}"><dt>${name}</dt><dd>${figure(frame, value, list, value === '0')}</dd><dd class="quiet">${note}</dd></div>`;
  const of = (outcome: Outcome) => grouped(total[outcome]);
  const list = (outcome: Outcome) => paymentsList(view, { status: outcome });
  const each = TYPES.map((type) => sumOf(summary.byType.get(type) ?? total));
  return html`<dl class="tiles">
${tile('Payments', grouped(sumOf(total)), paymentsList(view, {}), `${grouped(each[0] ?? 0)} payouts, ${grouped(each[1] ?? 0)} collections`)}
${tile('Success rate', share(total.settled, endedOf(total)) ?? '–', null, `${of('settled')} of ${grouped(endedOf(total))} that ended`)}
${tile('Failed', of('failed'), list('failed'), endedOf(total) === 0 ? 'none has ended yet' : `${share(total.failed, endedOf(total))} of those that ended`, total.failed > 0 ? 'bad' : '')}
${tile('Came back', of('reversed'), list('reversed'), 'settled, then returned', total.reversed > 0 ? 'bad' : '')}
${tile('Under way', of('under_way'), list('under_way'), 'accepted, not ended yet')}
${tile('In review', of('in_review'), list('in_review'), 'a person decides', total.in_review > 0 ? 'warn' : '')}
${tile('To approve', of('awaiting_approval'), list('awaiting_approval'), "wait for another's word")}
</dl>`;
}

const COLUMNS: readonly (readonly [title: string, outcome: Outcome])[] = [
  ['Settled', 'settled'],
  ['Failed', 'failed'],
  ['Came back', 'reversed'],
  ['Cancelled', 'cancelled'],
  ['Under way', 'under_way'],
  ['In review', 'in_review'],
  ['To approve', 'awaiting_approval'],
];

function byType(view: View): Html {
  const { frame, summary } = view;
  if (!mayOpen(frame, 'transactions')) return html``;
  const row = (type: (typeof TYPES)[number], counts: Counts) =>
    html`<tr><th scope="row">${type === 'payout' ? 'Payouts' : 'Collections'}</th>
<td class="right">${figure(frame, grouped(sumOf(counts)), paymentsList(view, { type }), sumOf(counts) === 0)}</td>
${COLUMNS.map(([, status]) => html`<td class="right">${figure(frame, grouped(counts[status]), paymentsList(view, { type, status }), counts[status] === 0)}</td>`)}
<td class="right">${share(counts.settled, endedOf(counts)) ?? '–'}</td></tr>`;
  return html`<section><h2>Payments by what became of them</h2><div class="scroll"><table><thead><tr><th scope="col">Type</th><th scope="col" class="right">All</th>
${COLUMNS.map(([title]) => html`<th scope="col" class="right">${title}</th>`)}<th scope="col" class="right">Success</th></tr></thead>
<tbody>${TYPES.map((type) => row(type, summary.byType.get(type) ?? summary.total))}</tbody></table></div></section>`;
}
