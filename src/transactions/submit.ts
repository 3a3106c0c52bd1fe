// From accepted: take the provider's permit, prepare, stamp the attempt in the database, send, and write down how it ended.
import { setInterval } from 'node:timers';
import type { Context } from '../context.ts';
import { ProviderRejected, ProviderUnavailable } from '../errors.ts';
import type { SubmitEnding } from '../provider/provider.ts';
import type { Ending, Ring } from './advance.ts';
import { backoffMs, scheduledMs } from './backoff.ts';
import { caseOf } from './case.ts';
import { discreetEnding, discreetPrepared } from './discreet.ts';
import type { Flow, Prepared } from './flow.ts';
import { look } from './look.ts';
import { isRefusedByRecovery, sendingSeemsDisabled } from './sending.ts';
import { type Step, take } from './step.ts';
import { type Loaded, load } from './transaction.ts';

/** Sends an accepted transaction, once: only whoever wins the stamp from `accepted` to `submitting` may write to the wire. */
export async function submit(ctx: Context, flow: Flow, loaded: Loaded, ring: Ring): Promise<Ending> {
  const { transaction } = loaded;
  const base = {
    id: transaction.id,
    from: 'accepted',
    attemptNo: transaction.attemptNo,
    cause: ring.cause,
    actor: ring.actor,
  } as const;
  if (await sendingSeemsDisabled(ctx)) return postpone(ctx, loaded, base, null);
  const permit = await ctx.provider.permit();
  try {
    const prepared = discreetPrepared(ctx, loaded, await prepare(ctx, flow, loaded));
    if (prepared.kind !== 'ready') return await notReady(ctx, flow, loaded, base, prepared);

    // The window starts before the stamp is asked for, so that a slow commit shortens it and never lengthens it.
    const stampedFrom = performance.now();
    const won = await take(ctx, {
      ...base,
      path: ['submitting'],
      dueInMs: ctx.config.LEASE_MS,
      tries: 'keep',
      set: prepared.set,
      attempt: prepared.open,
    });
    if (!won) return 'stale';
    const attemptNo = transaction.attemptNo + 1;
    const ending = await keepingLease(ctx, { ...base, from: 'submitting', attemptNo }, () =>
      prepared.send({ sendBefore: stampedFrom + ctx.config.SEND_WINDOW_MS }),
    );
    const said = discreetEnding(ctx, loaded, ending);
    return await conclude(ctx, flow, loaded, { ...base, from: 'submitting', attemptNo }, said, ring);
  } catch (error) {
    if (isRefusedByRecovery(error)) return postpone(ctx, loaded, base, null);
    throw error;
  } finally {
    permit.release();
  }
}

async function prepare(ctx: Context, flow: Flow, loaded: Loaded): Promise<Prepared> {
  try {
    return await flow.prepare(ctx, loaded);
  } catch (error) {
    if (error instanceof ProviderRejected) return { kind: 'refuse', code: error.code, message: error.providerMessage };
    if (error instanceof ProviderUnavailable) {
      return { kind: 'wait', code: error.code, message: error.message, retryAfterMs: error.retryAfterMs ?? null };
    }
    throw error;
  }
}

type Base = Pick<Step, 'id' | 'from' | 'attemptNo' | 'cause' | 'actor'>;

async function notReady(
  ctx: Context,
  flow: Flow,
  loaded: Loaded,
  base: Base,
  prepared: Exclude<Prepared, { kind: 'ready' }>,
): Promise<Ending> {
  const { transaction, ageMs, otpSealed } = loaded;
  const { code, message } = prepared;
  if (prepared.kind === 'refuse') {
    const moved = await take(ctx, {
      ...base,
      path: ['failed'],
      dueInMs: null,
      note: code,
      set: { failure: { code, message } },
      forgetOtp: otpSealed !== null,
      entries: flow.release(transaction, 'fail', base.actor),
    });
    return moved ? 'moved' : 'stale';
  }
  if (ageMs > flow.patienceMs(ctx.config)) {
    const moved = await take(ctx, { ...base, ...giveUp(ctx, loaded, { code, message }), path: ['in_review'] });
    return moved ? 'moved' : 'stale';
  }
  return postpone(ctx, { transaction }, base, prepared.retryAfterMs);
}

/** What is written when it could not be sent for longer than patience allows. */
function giveUp(ctx: Context, { transaction, otpSealed }: Loaded, why: { code: string; message: string }) {
  const amountMinor = transaction.amountMinor ?? transaction.maxAmountMinor;
  const evidence = { ...why, tries: transaction.tries, attempts: transaction.attemptNo };
  return {
    dueInMs: scheduledMs(Number.MAX_SAFE_INTEGER, ctx.config.POLL_SCHEDULE_MS),
    note: why.code,
    forgetOtp: otpSealed !== null,
    cases: [caseOf(transaction, 'not_executable', amountMinor, evidence)],
  };
}

async function postpone(
  ctx: Context,
  { transaction }: Pick<Loaded, 'transaction'>,
  base: Base,
  retryAfterMs: number | null,
): Promise<Ending> {
  await take(ctx, { ...base, path: [], dueInMs: waitMs(ctx, transaction.tries, retryAfterMs), tries: 'count' });
  return 'waiting';
}

function waitMs(ctx: Context, tries: number, retryAfterMs: number | null): number {
  const wait = backoffMs(tries, { baseMs: ctx.config.RETRY_BASE_MS, maxMs: ctx.config.RETRY_MAX_MS });
  return Math.max(wait, retryAfterMs ?? 0);
}

/** While a slow call is open its lease is renewed, so that nobody looks up what is still on its way. */
async function keepingLease<T>(ctx: Context, base: Base, call: () => Promise<T>): Promise<T> {
  let renewal: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    renewal = take(ctx, { ...base, path: [], dueInMs: ctx.config.LEASE_MS, tries: 'keep' }).catch((error: unknown) => {
      ctx.log.warn({ transactionId: base.id, error }, 'a lease could not be renewed');
    });
  }, ctx.config.LEASE_MS / 2);
  try {
    return await call();
  } finally {
    clearInterval(timer);
    await renewal;
  }
}

/** Writes down how the sending ended. If another has moved on meanwhile (a webhook was faster), there is nothing to write. */
async function conclude(
  ctx: Context,
  flow: Flow,
  loaded: Loaded,
  base: Base,
  ending: SubmitEnding,
  ring: Ring,
): Promise<Ending> {
  const { transaction, otpSealed } = loaded;
  switch (ending.kind) {
    case 'accepted': {
      const { providerTransactionId, status, approvalUrl } = {
        approvalUrl: ending.transaction.redirectUrl,
        ...ending.transaction,
      };
      const moved = await take(ctx, {
        ...base,
        path: ['submitted'],
        dueInMs: status === 'pending' ? scheduledMs(0, ctx.config.POLL_SCHEDULE_MS) : 0,
        set: { providerTransactionId, approvalUrl, destinationAmountMinor: ending.transaction.destinationAmountMinor },
        attempt: { kind: 'close', verdict: 'accepted', evidence: { answer: status, providerTransactionId } },
        forgetOtp: otpSealed !== null,
      });
      if (!moved) return 'stale';
      // A final word in the answer is looked up like any other bell: settlement has one path.
      return status === 'pending' ? 'moved' : look(ctx, flow, await load(ctx, base.id), ring);
    }
    case 'refused': {
      const { code, message } = ending;
      const moved = await take(ctx, {
        ...base,
        path: ['failed'],
        dueInMs: null,
        note: code,
        set: { failure: { code, message } },
        attempt: { kind: 'close', verdict: 'refused', evidence: { code, message } },
        forgetOtp: otpSealed !== null,
        entries: flow.release(transaction, 'fail', base.actor),
      });
      return moved ? 'moved' : 'stale';
    }
    case 'not_sent': {
      const { code, message, retryAfterMs } = ending;
      const attempt = { kind: 'close', verdict: 'not_sent', evidence: { code, message } } as const;
      const wait = { dueInMs: waitMs(ctx, loaded.transaction.tries, retryAfterMs), tries: 'count' } as const;
      // It cannot be reached for longer than patience allows: it waits for a person, provably unsent.
      const step: Step =
        loaded.ageMs > flow.patienceMs(ctx.config)
          ? { ...base, ...giveUp(ctx, loaded, { code, message }), path: ['accepted', 'in_review'], attempt }
          : { ...base, ...wait, path: ['accepted'], note: code, attempt };
      const moved = await take(ctx, step);
      return moved ? (step.path.at(-1) === 'accepted' ? 'waiting' : 'moved') : 'stale';
    }
    case 'unknown': {
      const { code, message } = ending;
      ctx.log.warn({ transactionId: base.id, attempt: base.attemptNo, code }, 'the outcome of a sending is unknown');
      const moved = await take(ctx, {
        ...base,
        path: [],
        dueInMs: scheduledMs(0, ctx.config.LOOKUP_SCHEDULE_MS),
        tries: 'keep',
        // A 402 is a refusal of this very call: look-ups need not wait for the quotation's end to confirm it.
        attempt: { kind: 'note', hint: `${code}: ${message}`, fenceNow: code === 'payment_required' },
      });
      return moved ? 'waiting' : 'stale';
    }
  }
}
