// Every try of a delivery: when, how long it took, and how the endpoint's answer began, which was made harmless before it was kept.
import { html } from 'hono/html';
import type { Context } from '../../context.ts';
import { DeliveryAttempt } from '../../notifications/delivery.ts';
import { status } from '../panels/cell.ts';
import { cellHtml, timeHtml } from './cell.ts';
import type { Html } from './layout.ts';

/** The newest ones: an endpoint that is down for weeks fills no page. */
const MOST = 100;

export async function triesOf(ctx: Context, base: string, deliveryId: string): Promise<Html> {
  const tries = await DeliveryAttempt.query(ctx.db)
    .where('delivery_id', deliveryId)
    .orderBy('number', 'desc')
    .limit(MOST);
  return html`<section class="related"><h2>Tries</h2>${
    tries.length === 0
      ? html`<p class="quiet">It was not tried yet.</p>`
      : html`<div class="scroll"><table><thead><tr><th scope="col" class="right">No.</th><th scope="col">When</th><th scope="col">Outcome</th>
    <th scope="col" class="right">Took</th><th scope="col">Answer begins</th></tr></thead><tbody>${tries.map(
      (one) => html`<tr><td class="right">${one.number}</td><td>${timeHtml(one.at)}</td>
        <td>${cellHtml(base, outcome(one))}</td><td class="right">${one.durationMs} ms</td>
        <td>${one.answer === null || one.answer === '' ? html`<span class="none">–</span>` : html`<code class="whole">${one.answer}</code>`}</td></tr>`,
    )}</tbody></table></div>`
  }</section>`;
}

function outcome({ statusCode, error }: DeliveryAttempt) {
  if (error !== null) return status(error.replaceAll('_', ' '), 'bad');
  const isTaken = statusCode !== null && statusCode >= 200 && statusCode < 300;
  return status(String(statusCode ?? 'no answer'), isTaken ? 'good' : 'bad');
}
