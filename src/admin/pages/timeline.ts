// The money timeline of a transaction: everything that happened, each with its time and how long after what came before.
import { html } from 'hono/html';
import type { Context } from '../../context.ts';
import { isFinal, type State } from '../../transactions/states.ts';
import { type Happening, type Moment, readTimeline } from '../../transactions/timeline.ts';
import { type Cell, json, link, money, type Tone, text, time } from '../panels/cell.ts';
import { actor, stateOf } from '../panels/vocabulary.ts';
import { cellHtml, factsHtml, timeHtml } from './cell.ts';
import type { Html } from './layout.ts';

type Facts = readonly (readonly [string, Cell])[];

/** `asked`: what was asked for, beside the moment when it was. */
export async function timelineOf(
  ctx: Context,
  base: string,
  of: { readonly id: string; readonly state: State; readonly currency: string; readonly asked: Facts },
): Promise<Html> {
  const moments = await readTimeline(ctx.db, of.id);
  const moving = !isFinal(of.state);
  return html`<section class="timeline" ${moving ? html`data-live="2000"` : ''}><div class="title"><h2>Money timeline</h2>
    ${moving ? html`<span class="badge busy">still moving</span>` : ''}</div>
    <ol>${moments.map((moment, at) => {
      const told = TELL[moment.what](moment, of.currency);
      const facts = moment.what === 'requested' ? [...told.facts, ...of.asked] : told.facts;
      return momentHtml(base, moment, moments[at - 1] ?? null, { ...told, facts });
    })}</ol></section>`;
}

interface Told {
  readonly title: string;
  readonly badge?: Cell;
  readonly tone: Tone;
  readonly facts: Facts;
}

function momentHtml(base: string, moment: Moment, before: Moment | null, told: Told): Html {
  const { title, badge, tone, facts } = told;
  const gap = before === null ? null : moment.at.getTime() - before.at.getTime();
  return html`<li class="${tone}"><div class="when">${timeHtml(moment.at)}
      <span class="gap">${gap === null ? '' : `+${span(gap)}`}</span></div>
    <div class="what"><h3>${title} ${badge === undefined ? '' : cellHtml(base, badge)}</h3>
      ${moment.note === null ? '' : html`<p>${moment.note}</p>`}
      ${facts.every(([, cell]) => cell === null) ? '' : factsHtml(base, facts)}
      ${moment.what === 'entry_posted' ? postings(base, moment) : ''}</div></li>`;
}

/** `350 ms`, `1.2 s`, `4 min 10 s`, `3 h 5 min`, `2 d 4 h`. */
function span(ms: number): string {
  if (ms < 1000) return `${ms} ms`;
  if (ms < 60_000) return `${Math.floor(ms / 1000)}.${Math.floor((ms % 1000) / 100)} s`;
  const [minutes, hours, days] = [60_000, 3_600_000, 86_400_000].map((unit) => Math.floor(ms / unit)) as [
    number,
    number,
    number,
  ];
  if (hours === 0) return `${minutes} min ${Math.floor(ms / 1000) % 60} s`;
  return days === 0 ? `${hours} h ${minutes % 60} min` : `${days} d ${hours % 24} h`;
}

const words = (text: string | null) => (text ?? '').replaceAll('_', ' ');
const amount = (value: unknown, currency: unknown): Cell =>
  typeof value === 'string' ? money(BigInt(value), typeof currency === 'string' ? currency : null) : null;
const moment = (value: unknown): Cell => (typeof value === 'string' ? time(new Date(value)) : null);
const count = (value: unknown): Cell => (typeof value === 'number' && value > 0 ? text(value) : null);
const word = (value: unknown): string | null => (typeof value === 'string' ? value : null);
const by = (of: Moment): readonly [string, Cell] => ['By', actor(of.actor)];

const TELL: Readonly<Record<Happening, (of: Moment, currency: string | null) => Told>> = {
  requested: (of) => ({
    title: 'Asked for',
    badge: stateOf(of.word as State),
    tone: 'quiet',
    facts: [by(of), ['In a bulk', link('bulk-rows', word(of.detail['bulkRow']), 'its row')]],
  }),
  moved: (of) => ({
    title: 'Moved to',
    badge: stateOf(of.word as State),
    tone: isFinal(of.word as State) ? (of.word === 'settled' ? 'good' : 'bad') : 'busy',
    facts: [by(of), ['Cause', text(words(String(of.detail['cause'])))]],
  }),
  attempt_opened: (of, currency) => ({
    title: `Attempt ${of.detail['number']}: may be sent from here on`,
    tone: 'busy',
    facts: [
      ['Quoted', amount(of.detail['quotedAmountMinor'], currency)],
      ['Charge', amount(of.detail['quotedChargeMinor'], currency)],
      ['Quotation ends', moment(of.detail['quotationExpiresAt'])],
      ['Silence counts from', moment(of.detail['fenceAt'])],
    ],
  }),
  first_silence: (of) => ({
    title: `Attempt ${of.detail['number']}: the provider did not find it`,
    tone: 'warn',
    facts: [],
  }),
  last_silence: (of) => ({
    title: `Attempt ${of.detail['number']}: the provider still did not find it`,
    tone: 'warn',
    facts: [['Times', count(of.detail['negatives'])]],
  }),
  attempt_closed: (of) => ({
    title: `Attempt ${of.detail['number']}: ${words(of.word)}`,
    tone: of.word === 'accepted' ? 'good' : of.word === 'refused' ? 'bad' : 'warn',
    facts: [
      ['Open for', typeof of.detail['openMs'] === 'number' ? text(span(of.detail['openMs'])) : null],
      ['Look-ups', count(of.detail['lookUps'])],
      ['Evidence', json(of.detail['evidence'] ?? null)],
    ],
  }),
  webhook_received: (of) => ({
    title: `Webhook received${of.word === null ? '' : `, claiming ${of.word}`}`,
    tone: 'quiet',
    facts: [
      ['Event', link('webhook-events', of.id)],
      ['From address', text(of.actor)],
    ],
  }),
  webhook_applied: (of) => ({
    title: `Webhook followed up: ${words(of.word)}`,
    tone: of.word === 'applied' ? 'quiet' : 'warn',
    facts: [['Event', link('webhook-events', of.id)]],
  }),
  entry_posted: (of) => ({
    title: `Booked: ${words(of.word)}`,
    tone: 'good',
    facts: [['Entry', link('entries', of.id)]],
  }),
  case_opened: (of) => ({
    title: `Case opened: ${words(of.word)}`,
    tone: 'warn',
    facts: [
      ['Case', link('cases', of.id)],
      ['Amount', amount(of.detail['amountMinor'], of.detail['currency'])],
    ],
  }),
  case_resolved: (of) => ({
    title: `Case resolved: ${words(of.word)}`,
    tone: 'good',
    facts: [['Case', link('cases', of.id)], by(of)],
  }),
  earned: (of) => ({
    title: `Earned: ${words(of.word)}`,
    tone: 'good',
    facts: [['Amount', amount(of.detail['amountMinor'], of.detail['currency'])]],
  }),
  deed: (of) => ({
    title: of.word ?? 'deed',
    tone: 'quiet',
    facts: [by(of), ['Audit row', link('audit', of.id, 'look at it')]],
  }),
  proposed: (of) => ({
    title: `Proposed: ${of.word?.replaceAll('-', ' ')}`,
    tone: 'warn',
    facts: [by(of), ['Proposal', link('proposals', of.id)]],
  }),
  proposal_ended: (of) => ({
    title: `Proposal ${of.word}`,
    tone: of.word === 'executed' ? 'good' : 'quiet',
    facts: [by(of), ['Proposal', link('proposals', of.id)]],
  }),
  told: (of) => ({
    title: `To be told: ${of.word}`,
    tone: 'quiet',
    facts: [['Event', link('events', of.id, word(of.detail['eventId']))]],
  }),
  delivery_tried: (of) => ({
    title: `${of.detail['isTaken'] === true ? 'Told' : 'Tried to tell'}: ${of.detail['type']}`,
    tone: of.detail['isTaken'] === true ? 'good' : 'warn',
    facts: [
      ['Answer', text(words(of.word))],
      ['Took', text(`${of.detail['durationMs']} ms`)],
      ['Try', text(`no. ${of.detail['number']}`)],
      ['Endpoint', link('endpoints', word(of.detail['endpointId']))],
      ['Delivery', link('deliveries', of.id)],
    ],
  }),
  delivery_failed: (of) => ({
    title: `Given up telling: ${of.word}`,
    tone: 'bad',
    facts: [
      ['Endpoint', link('endpoints', word(of.detail['endpointId']))],
      ['Delivery', link('deliveries', of.id)],
    ],
  }),
};

function postings(base: string, of: Moment): Html {
  const lines = of.detail['postings'] as readonly { account: string; amountMinor: string }[] | null;
  return html`<table class="postings"><tbody>${(lines ?? []).map(
    ({ account, amountMinor }) =>
      html`<tr><td>${cellHtml(base, link('accounts', account))}</td><td class="right">${cellHtml(base, amount(amountMinor, of.detail['currency']))}</td></tr>`,
  )}</tbody></table>`;
}
