// Eversend as our Provider: puts the pieces together, and decides what may be written to the wire and when.
import type { Cache } from '../../cache/cache.ts';
import type { Config } from '../../config.ts';
import { ProviderUnavailable } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import type { Provider, Quotation, QuoteOrder, SendPermission, SubmitEnding } from '../provider.ts';
import { ofAnswer, ofBrokenExchange, type Sent } from './answers.ts';
import { createBreaker, type Outcome } from './breaker.ts';
import { createCalls } from './calls.ts';
import { createClient } from './client.ts';
import { agreedCollection, collectionBody, createCollections, unsendable } from './collections.ts';
import { createLists } from './lists.ts';
import { createLookUp } from './look-up.ts';
import { agreedPayout, payoutBody, quotationBody, readQuotation } from './payouts.ts';
import { createPermits } from './permits.ts';
import { createProblems } from './problems.ts';
import { createTokens, NoToken } from './token.ts';

/** The breaker rests this many times RETRY_BASE_MS: 5 s as shipped, less in a compressed profile. */
const BREAKER_WINDOW_FACTOR = 5;

/** Opens nothing until it is used. `cache` carries the token and the rate; `close` breaks open calls off. */
export function createEversendProvider(of: { config: Config; cache: Cache; log: Logger }): Provider {
  const { config, cache, log } = of;
  const problems = createProblems();
  const client = createClient(config);
  const permits = createPermits({ config, cache });
  const tokens = createTokens({ config, cache, client, problems, log });
  const calls = createCalls({ config, client, tokens, permits, problems, log });
  const breaker = createBreaker(BREAKER_WINDOW_FACTOR * config.RETRY_BASE_MS);
  // When a quotation of ours ends, in monotonic time: neither a wrong clock here nor one at the provider's can stretch it.
  const quotationEnds = new WeakMap<Quotation, number>();

  /** Whether `sendBefore` still holds is asked again by the client, at the moment before the first byte. */
  async function submit(path: string, body: unknown, sendBefore: number, sent: Sent): Promise<SubmitEnding> {
    if (performance.now() > sendBefore) return notSent('too_late', 'the permission to send had expired');
    const pausedMs = permits.pausedMs();
    if (pausedMs > 0) return notSent('rate_limited', 'the provider asked for a pause', pausedMs);
    const restMs = breaker.refusal();
    if (restMs !== null) return notSent('unreachable', 'too many calls ended in doubt; resting', restMs);
    let outcome: Outcome = 'silent';
    try {
      const exchanged = await calls.send({ method: 'POST', path, operation: path, body, sendBefore });
      const ending = exchanged.kind === 'answered' ? ofAnswer(exchanged, sent) : ofBrokenExchange(exchanged);
      outcome = outcomeOf(ending);
      return ending;
    } catch (error) {
      if (error instanceof NoToken) return notSent(error.code, error.message, error.retryAfterMs);
      throw error;
    } finally {
      breaker.report(outcome);
    }
  }

  return {
    permit: permits.permit,

    async submitCollection(order, permission: SendPermission) {
      const problem = unsendable(order);
      if (problem !== null) return { kind: 'refused', code: 'rejected', message: problem };
      return submit('/collections/momo', collectionBody(order), permission.sendBefore, {
        direction: 'collection',
        agreed: (data) => agreedCollection(order, data),
      });
    },

    async submitPayout(order, permission: SendPermission) {
      const ends =
        quotationEnds.get(order.quotation) ?? performance.now() + order.quotation.expiresAt.getTime() - Date.now();
      const sendBefore = Math.min(permission.sendBefore, ends - config.QUOTATION_MARGIN_MS);
      return submit('/payouts', payoutBody(order), sendBefore, {
        direction: 'payout',
        agreed: (data) => agreedPayout(order, data),
      });
    },

    lookUp: createLookUp({ calls, log }),

    async quote(order: QuoteOrder, { forCaller = false } = {}) {
      const path = '/payouts/quotation';
      const body = quotationBody(order);
      const { data, at } = await calls.read({ method: 'POST', path, operation: path, body, forCaller });
      const quotation = readQuotation(order, data, at);
      quotationEnds.set(quotation, performance.now() + quotation.expiresAt.getTime() - at.getTime());
      return quotation;
    },

    ...createCollections(calls),
    ...createLists({ calls, log }),

    async token() {
      try {
        const { value, expiresAt } = await tokens.current();
        return { token: value, expiresAt };
      } catch (error) {
        if (!(error instanceof NoToken)) throw error;
        const message = 'The provider gives no token right now.';
        throw new ProviderUnavailable(error.code, message, error.retryAfterMs ?? undefined);
      }
    },
    configurationProblem: problems.newest,
    close: client.close,
  };
}

function notSent(
  code: Extract<SubmitEnding, { kind: 'not_sent' }>['code'],
  message: string,
  retryAfterMs: number | null = null,
): SubmitEnding {
  return { kind: 'not_sent', code, message, retryAfterMs };
}

/** What an ending says about the provider's health. */
function outcomeOf(ending: SubmitEnding): Outcome {
  if (ending.kind === 'unknown') {
    return ending.code === 'server_error' || ending.code === 'timeout' || ending.code === 'connection_lost'
      ? 'ailing'
      : 'healthy';
  }
  return ending.kind === 'not_sent' && (ending.code === 'unreachable' || ending.code === 'too_late')
    ? 'silent'
    : 'healthy';
}
