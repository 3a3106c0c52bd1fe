// One run of an endpoint: sends what is due there, several at once, and stops when its time is over or the endpoint does not answer.
import { type Context, perContext } from '../context.ts';
import { type Signer, signerOf } from './endpoint-secret.ts';
import { viewEvent } from './event.ts';
import { type Leased, rest, takeLease } from './lease.ts';
import { FAILING_AFTER, healthAfter } from './outcome.ts';
import { bringForward, type Due, pick, record, type Tried } from './record.ts';
import { createSender, type Sender, type Sent } from './send.ts';
import { disableEndpoint } from './switch.ts';

/** After this long a run begins nothing new and rings for the next: so many endpoints share few workers fairly. */
const RUN_MS = 5000;
/** Calls at once to an endpoint that is failing. */
const PROBES = 2;

export const senderOf = perContext((ctx): Sender => createSender(ctx.config));

/** The end of a run: why nothing more is sent. */
type Ending = 'done' | 'blocked' | 'lost' | 'stopped' | 'gone' | 'impatient';

/**
 * Sends what is due to one endpoint. Safe at any time and twice at once: whoever has the lease sends. What was sent and not recorded
 * (a crash, a lost lease) is sent again, under the same event id.
 */
export async function runEndpoint(ctx: Context, id: string): Promise<void> {
  const leased = await takeLease(ctx, id);
  if (leased === null) return;
  const { ending, sent } = await deliver(ctx, leased);
  if (ending === 'lost') return;
  if (ending === 'gone' || ending === 'impatient') {
    const reason = ending === 'gone' ? 'gone' : 'no_success';
    await disableEndpoint(ctx, { merchantId: leased.merchantId, id, reason });
  }
  await rest(ctx, leased, sent === 0 ? ctx.config.RETRY_BASE_MS : 0);
}

/** One that cannot be shown (sealed under a key that is gone) has failed like any other, and holds up no other. */
async function send(ctx: Context, leased: Leased, sign: Signer, due: Due): Promise<Sent> {
  try {
    const body = JSON.stringify(viewEvent(ctx, due));
    return await senderOf(ctx).send(leased.url, sign(due.event_id, new Date(), body), body);
  } catch (error) {
    ctx.log.error({ event: 'event_unreadable', endpointId: leased.id, error }, 'an event could not be shown');
    return { ok: false, statusCode: null, durationMs: 0, error: 'unreadable', answer: null, retryAfter: null };
  }
}

async function deliver(ctx: Context, leased: Leased): Promise<{ ending: Ending; sent: number }> {
  const { DELIVERY_CONCURRENCY, DELIVERY_SCHEDULE_MS } = ctx.config;
  const sign = signerOf(ctx.vault, leased);
  const stopAt = performance.now() + RUN_MS;
  const onTheirWay = new Map<string, Promise<void>>();
  let finished: Tried[] = [];
  let health = { failures: leased.failures, blockedMs: null as number | null };
  let ending: Ending | null = null;
  let sent = 0;

  const start = (due: Due): void => {
    const trying = send(ctx, leased, sign, due).then((result) => {
      finished.push({ due, sent: result });
      onTheirWay.delete(due.delivery_id);
    });
    onTheirWay.set(due.delivery_id, trying);
    sent += 1;
  };

  for (;;) {
    const width = health.failures >= FAILING_AFTER ? PROBES : DELIVERY_CONCURRENCY;
    if (ending === null && performance.now() < stopAt && onTheirWay.size < width) {
      const due = await pick(ctx, leased, [...onTheirWay.keys()], width - onTheirWay.size);
      // What ended while it was asked for is no longer on its way and not yet recorded.
      const ended = new Set(finished.map((one) => one.due.delivery_id));
      for (const one of due) if (!ended.has(one.delivery_id)) start(one);
    }
    if (onTheirWay.size > 0 && finished.length === 0) await Promise.race(onTheirWay.values());
    if (finished.length === 0) return { ending: ending ?? 'done', sent };
    const tried = finished;
    finished = [];
    const wasFailing = health.failures >= FAILING_AFTER;
    const results = tried.map((one) => one.sent);
    health = healthAfter(health.failures, leased.failures, results, DELIVERY_SCHEDULE_MS, new Date());
    const recorded = await record(ctx, leased, tried, health);
    if (recorded === null) return { ending: 'lost', sent };
    if (wasFailing && health.failures === 0) await bringForward(ctx, leased);
    if (results.some(({ statusCode }) => statusCode === 410)) ending = 'gone';
    else if (recorded.impatient) ending = 'impatient';
    else if (recorded.status !== 'enabled') ending = 'stopped';
    else if (ending === null || ending === 'blocked') ending = health.blockedMs === null ? null : 'blocked';
  }
}
