// Calls with our token: a refused token is renewed once, and calls that move no money keep to the rate and raise what went wrong.
import type { Config } from '../../config.ts';
import { ProviderRejected, ProviderUnavailable } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import { readEnvelope, refusalCode } from './answers.ts';
import type { Answer, Client, WireEnding } from './client.ts';
import type { Permits } from './permits.ts';
import type { Problems } from './problems.ts';
import { readRetryAfter } from './retry-after.ts';
import { NoToken, type Tokens } from './token.ts';

export interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** The path without ids, for logs and problems. */
  readonly operation: string;
  readonly body?: unknown;
  /** What a 404 says: that the thing asked about is not there, or (by default) that the address is wrong: a configuration problem. */
  readonly notFound?: 'answer' | 'problem';
  readonly sendBefore?: number;
  /** Somebody waits for the answer with a connection open: behind the workers' calls only for PROVIDER_CALLER_WAIT_MS. */
  readonly forCaller?: boolean;
}

/** What a call that moves no money came to. `missing` is a 404 to a call for which that is an answer. */
export type Reading =
  | { readonly kind: 'data'; readonly data: unknown; readonly at: Date }
  | { readonly kind: 'missing'; readonly words: string }
  | { readonly kind: 'refused'; readonly words: string }
  | {
      readonly kind: 'unavailable';
      readonly code: string;
      readonly message: string;
      readonly retryAfterMs: number | null;
    };

const BUSY = 'provider_busy';
const BUSY_SENTENCE =
  'Too many calls are waiting for the provider, which takes only so many a second. Nothing was asked; ask again later.';

export interface Calls {
  /** One authorised exchange. Raises NoToken when there is no token to send it with. */
  send(call: Call): Promise<WireEnding>;
  /** Waits for the rate and never raises. */
  ask(call: Call): Promise<Reading>;
  /** The data of an answer. Raises ProviderRejected for a definite refusal, ProviderUnavailable for everything else. */
  read(call: Call): Promise<{ readonly data: unknown; readonly at: Date }>;
}

export function createCalls(of: {
  config: Pick<Config, 'EVERSEND_ORIGIN' | 'PROVIDER_CALLER_WAIT_MS'>;
  client: Client;
  tokens: Tokens;
  permits: Permits;
  problems: Problems;
  log: Logger;
}): Calls {
  const { config, client, tokens, permits, problems, log } = of;

  async function exchange(call: Call, token: string): Promise<WireEnding> {
    const startedAt = performance.now();
    const ending = await client.exchange({
      method: call.method,
      path: call.path,
      headers: {
        accept: 'application/json',
        authorization: `Bearer ${token}`,
        ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(config.EVERSEND_ORIGIN === undefined ? {} : { origin: config.EVERSEND_ORIGIN }),
      },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      ...(call.sendBefore === undefined ? {} : { sendBefore: call.sendBefore }),
    });
    const result = ending.kind === 'answered' ? { status: ending.status } : { code: ending.code };
    const durationMs = Math.round(performance.now() - startedAt);
    log.debug({ method: call.method, path: call.operation, ...result, durationMs }, 'The provider was called.');
    return ending;
  }

  /** Keeps what an operator must know, and the silence the provider asked for. */
  function note(call: Call, ending: WireEnding) {
    if (ending.kind !== 'answered') return;
    const { status } = ending;
    const operation = `${call.method} ${call.operation}`;
    if (status >= 200 && status < 300) problems.worked(operation);
    else if (status === 429 || status === 425) permits.pause(readRetryAfter(ending.retryAfter, ending.at) ?? 0);
    else if (status === 401) problems.report('auth', `The provider refuses us: ${said(ending)}.`);
    else if (status === 403 || status === 405)
      problems.report(operation, `${operation} is not allowed: ${said(ending)}.`);
    else if (status === 404 && call.notFound !== 'answer') {
      problems.report(operation, `${operation} does not exist: ${said(ending)}.`);
    }
  }

  async function send(call: Call): Promise<WireEnding> {
    const token = await tokens.current();
    let ending = await exchange(call, token.value);
    // A caller from the wrong place is told 401 as well; no token would help there.
    if (ending.kind === 'answered' && ending.status === 401 && !/origin|whitelist/i.test(said(ending))) {
      const next = await tokens.renew(token.value).catch((error: unknown) => {
        if (error instanceof NoToken && error.code === 'unauthenticated') return null;
        throw error;
      });
      if (next !== null) ending = await exchange(call, next.value);
    }
    note(call, ending);
    return ending;
  }

  async function ask(call: Call): Promise<Reading> {
    const pausedMs = permits.pausedMs();
    if (pausedMs > 0) return unavailable('rate_limited', 'the provider asked for a pause', pausedMs);
    if (call.forCaller === true) {
      const waitMs = await permits.turnWithin(config.PROVIDER_CALLER_WAIT_MS);
      if (waitMs !== null) return unavailable(BUSY, BUSY_SENTENCE, waitMs);
    } else {
      await permits.turn();
    }
    try {
      return readingOf(call, await send(call));
    } catch (error) {
      if (!(error instanceof NoToken)) throw error;
      return unavailable(error.code, error.message, error.retryAfterMs);
    }
  }

  return {
    send,
    ask,
    async read(call) {
      const reading = await ask(call);
      switch (reading.kind) {
        case 'data':
          return reading;
        case 'missing':
        case 'refused': {
          const code = refusalCode(reading.words, 'other');
          throw new ProviderRejected(code, 'The provider refused the request.', reading.words);
        }
        case 'unavailable':
          throw new ProviderUnavailable(
            reading.code,
            reading.code === BUSY ? BUSY_SENTENCE : 'The provider cannot be asked right now.',
            reading.retryAfterMs ?? undefined,
          );
      }
    },
  };
}

function said(answer: Answer): string {
  return readEnvelope(answer)?.words || `status ${answer.status}`;
}

function unavailable(code: string, message: string, retryAfterMs: number | null = null): Reading {
  return { kind: 'unavailable', code, message, retryAfterMs };
}

function readingOf(call: Call, ending: WireEnding): Reading {
  if (ending.kind !== 'answered') return unavailable(ending.code, ending.message);
  const { status } = ending;
  const body = readEnvelope(ending);
  const words = body?.words ?? '';
  if (status >= 200 && status < 300) {
    if (body === null) return unavailable('unreadable', 'the answer could not be read');
    return body.success ? { kind: 'data', data: body.data, at: ending.at } : { kind: 'refused', words };
  }
  if (status === 404 && call.notFound === 'answer') return { kind: 'missing', words };
  if ((status === 400 || status === 422 || status === 402) && body !== null) return { kind: 'refused', words };
  const code =
    status === 401
      ? 'unauthenticated'
      : status === 403 || status === 404 || status === 405
        ? 'forbidden'
        : status === 429 || status === 425
          ? 'rate_limited'
          : status >= 300 && status < 400
            ? 'redirected'
            : 'server_error';
  return unavailable(code, words || `the provider answered ${status}`, readRetryAfter(ending.retryAfter, ending.at));
}
