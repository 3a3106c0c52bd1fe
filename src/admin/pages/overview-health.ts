// What stands around the payments: the queues, the provider's answers, why payments failed, webhooks in and events out.
import { html } from 'hono/html';
import { FAILURES } from '../../activity/now.ts';
import { ageOf } from '../overview/attention.ts';
import { ATTEMPTS, EVENTS, type EventState, idsOf, type Sending } from '../overview/health.ts';
import { grouped, share } from '../overview/summary.ts';
import type { Html } from './layout.ts';
import { figure, type List, mayOpen, type View } from './overview-view.ts';

export function healthSections(view: View): Html {
  return html`<div class="parts">${queues(view)}${provider(view)}${failed(view)}${webhooks(view)}${events(view)}</div>`;
}

/** A count that was stopped at its bound is "at least". */
const bounded = (count: number, most: number) => (count >= most ? `${grouped(most)}+` : grouped(count));
/** Of what was looked at: its number while that is all there is, else its share, which is what it can tell of the rest. */
const partOf = (count: number, of: number, most: number) =>
  of >= most && count > 0 ? (share(count, of) ?? '') : grouped(count);

function queues({ frame, figures: { now } }: View): Html {
  if (!mayOpen(frame, 'queues')) return html``;
  return html`<section class="card"><h2>Queues</h2><table><thead><tr><th scope="col">Queue</th><th scope="col" class="right">Due now</th><th scope="col" class="right">Oldest</th></tr></thead>
<tbody>${now.queues.map(
    ({
      queue,
      due,
      isMore,
      oldestDueAt,
    }) => html`<tr><td><a href="${frame.base}/queues/queue/${queue}">${queue}</a></td>
<td class="right">${due === 0 ? html`<span class="none">0</span>` : html`${grouped(due)}${isMore ? '+' : ''}`}</td><td class="right">${oldestDueAt === null ? html`<span class="none">–</span>` : ageOf(oldestDueAt, now.at)}</td></tr>`,
  )}</tbody></table><p class="hint">Rows of the database that somebody must look at now. The queues only ring for them.</p></section>`;
}

const milliseconds = (ms: number | null) =>
  ms === null ? '–' : ms < 10_000 ? `${grouped(ms)} ms` : `${grouped(Math.round(ms / 1000))} s`;

function provider(view: View): Html {
  const { frame, figures, range } = view;
  if (!mayOpen(frame, 'attempts')) return html``;
  const some = figures.sending.filter(({ count }) => count > 0);
  const row = (one: Sending) => {
    const [since, before] = idsOf(one.type, range.from, range.to);
    const query = { type: `${one.type}s`, since, before };
    const cell = (count: number, verdict: string | null) => {
      const list: List = { path: 'attempts', query: verdict === null ? query : { ...query, verdict } };
      return html`<td class="right">${figure(frame, verdict === null ? bounded(count, ATTEMPTS) : partOf(count, one.count, ATTEMPTS), list, count === 0)}</td>`;
    };
    return html`<tr><th scope="row">Sending ${one.type}s</th>${cell(one.count, null)}${cell(one.refused, 'refused')}${cell(one.notSent, 'not_sent')}${cell(one.notExecuted, 'not_executed')}${cell(one.open, 'open')}
<td class="right">${milliseconds(one.p50)}</td><td class="right">${milliseconds(one.p95)}</td></tr>`;
  };
  const isCut = some.some(({ count }) => count >= ATTEMPTS);
  const errors = figures.providerErrors.map(({ type, code, count }) => {
    const [since, before] = idsOf(type, range.from, range.to);
    const list: List = { path: 'attempts', query: { type: `${type}s`, error: code, since, before } };
    const all = some.find((one) => one.type === type)?.count ?? 0;
    const text = partOf(count, all, ATTEMPTS);
    return html`<li><code>${code}</code> ${type}s: ${/^[a-z0-9_]{1,64}$/.test(code) ? figure(frame, text, list) : text}</li>`;
  });
  return html`<section class="card ${some.length === 0 ? '' : 'broad'}"><h2>The provider</h2>${
    some.length === 0
      ? html`<p class="quiet">Nothing was sent in this time.</p>`
      : html`<div class="inner"><table><thead><tr><th scope="col">What</th><th scope="col" class="right">Attempts</th><th scope="col" class="right">Refused</th><th scope="col" class="right">Not sent</th><th scope="col" class="right">Not executed</th><th scope="col" class="right">In doubt</th><th scope="col" class="right">p50</th><th scope="col" class="right">p95</th></tr></thead><tbody>${some.map(row)}</tbody></table></div>
<p class="hint">${isCut ? `The newest ${grouped(ATTEMPTS)} attempts of each kind. ` : ''}From the permission to send until the provider's own answer.</p>
${errors.length === 0 ? '' : html`<h3>Instead of taking it</h3><ul class="errors">${errors}</ul>`}`
  }</section>`;
}

function failed(view: View): Html {
  const { frame, figures } = view;
  if (!mayOpen(frame, 'transactions')) return html``;
  const total = figures.failures.reduce((sum, { count }) => sum + count, 0);
  const list = (failure: string): List => ({
    path: 'transactions',
    query: { status: 'failed', failure, ...view.spanned('created') },
  });
  return html`<section class="card"><h2>Why payments failed</h2>${
    total === 0
      ? html`<p class="quiet">None failed.</p>`
      : html`<table><thead><tr><th scope="col">Reason</th><th scope="col" class="right">Payments</th></tr></thead><tbody>${figures.failures
          .slice(0, 8)
          .map(
            ({ code, count }) =>
              html`<tr><td><code>${code}</code></td><td class="right">${figure(frame, partOf(count, total, FAILURES), list(code))}</td></tr>`,
          )}</tbody></table><p class="hint">In all currencies${total >= FAILURES ? `, of the newest ${grouped(FAILURES)}` : ''}. What a code means is in the guide to errors.</p>`
  }</section>`;
}

const BECAME: readonly (readonly [title: string, state: EventState])[] = [
  ['Followed up', 'applied'],
  ['Not yet', 'received'],
  ['About nothing of ours', 'unknown'],
  ['Unreadable', 'unreadable'],
];

function webhooks(view: View): Html {
  const { frame, figures } = view;
  if (!mayOpen(frame, 'webhook-events')) return html``;
  const { webhooks: counts, refusedWebhooks: refused } = figures;
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const span = view.spanned('received');
  const list = (status: EventState | null): List => ({
    path: 'webhook-events',
    query: status === null ? span : { status, ...span },
  });
  const row = (title: string, text: string, to: List | null, isNone: boolean) =>
    html`<tr><td>${title}</td><td class="right">${figure(frame, text, to, isNone)}</td></tr>`;
  return html`<section class="card"><h2>Webhooks from the provider</h2>${
    total === 0 && refused === 0
      ? html`<p class="quiet">None came in this time. If none comes at all, look whether the provider has our address.</p>`
      : html`<table><tbody>${row('Received', bounded(total, EVENTS), list(null), total === 0)}
${BECAME.map(([title, state]) => row(title, partOf(counts.get(state) ?? 0, total, EVENTS), list(state), !counts.get(state)))}
${row('Refused at the door', grouped(refused), null, refused === 0)}
<tr><td>Followed up, of those received</td><td class="right">${share(counts.get('applied') ?? 0, total) ?? '–'}</td></tr></tbody></table>${
          total >= EVENTS ? html`<p class="hint">Of the newest ${grouped(EVENTS)} of this time.</p>` : ''
        }${refused > 0 ? html`<p class="hint">Refused: a wrong signature, or an address that is not on the list. They are kept in the log only.</p>` : ''}`
  }</section>`;
}

function events({ frame, figures: { deliveries, now } }: View): Html {
  const { delivered, refused } = deliveries;
  const { enabled, failing, dead } = now.endpoints;
  const list = (query: Readonly<Record<string, string>>): List => ({ path: 'endpoints', query });
  const row = (title: string, count: number, to: List | null) =>
    html`<tr><td>${title}</td><td class="right">${figure(frame, grouped(count), to, count === 0)}</td></tr>`;
  return html`<section class="card"><h2>Events to merchants</h2>${
    enabled + dead + delivered + refused === 0
      ? html`<p class="quiet">No merchant has an endpoint yet. One registers it with <code>POST /v1/webhook-endpoints</code>.</p>`
      : html`<table><tbody>${row('Delivered', delivered, null)}${row('Tries that failed', refused, null)}
<tr><td>Of all tries delivered</td><td class="right">${share(delivered, delivered + refused) ?? '–'}</td></tr>
${row('Endpoints', enabled, list({ status: 'enabled' }))}${row('of them failing now', failing, list({ status: 'failing' }))}${row('Endpoints switched off by us', dead, list({ status: 'disabled', reason: 'ours' }))}</tbody></table><p class="hint">Tries in the whole hours of this time.</p>`
  }</section>`;
}
