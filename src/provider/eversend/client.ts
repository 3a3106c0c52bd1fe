// One HTTP exchange with the provider, and how it ended: above all, whether a byte of it can have reached them.
import { Pool } from 'undici';
import type { Config } from '../../config.ts';

export interface WireRequest {
  readonly method: 'GET' | 'POST';
  /** Below the base address, starting with a slash. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** A `performance.now()` reading after which not a byte may be written. */
  readonly sendBefore?: number;
}

/** An answer read to its end. `at` is the provider's own clock when it disagrees with ours, else ours. */
export interface Answer {
  readonly kind: 'answered';
  readonly status: number;
  readonly text: string;
  readonly retryAfter: string | null;
  readonly at: Date;
}

/** `not_written`: certainly no byte left us. `broken`: some may have, and no whole answer came back. */
export type WireEnding =
  | Answer
  | { readonly kind: 'not_written'; readonly code: 'unreachable' | 'too_late'; readonly message: string }
  | {
      readonly kind: 'broken';
      readonly code: 'timeout' | 'connection_lost' | 'unreadable';
      readonly message: string;
    };

export interface Client {
  /** Never raises. Ends within PROVIDER_TIMEOUT_MS whatever the other side does. */
  exchange(request: WireRequest): Promise<WireEnding>;
  close(): Promise<void>;
}

const MAX_ANSWER_BYTES = 1024 * 1024;
/** Look-ups and quotations run beside the money calls, one per job at most. */
const CONNECTIONS_FOR_READS = 32;
/** Two clocks nearer than this count as equal: the Date header has whole seconds only. */
const CLOCKS_AGREE_MS = 5000;

type ClientConfig = Pick<
  Config,
  'EVERSEND_BASE_URL' | 'PROVIDER_CONNECT_TIMEOUT_MS' | 'PROVIDER_TIMEOUT_MS' | 'PROVIDER_MAX_CONCURRENCY'
>;

/** Keep-alive connections to EVERSEND_BASE_URL. Redirects are never followed and compressed answers never unpacked. */
export function createClient(config: ClientConfig): Client {
  const base = new URL(config.EVERSEND_BASE_URL);
  const basePath = base.pathname.replace(/\/+$/, '');
  const pool = new Pool(base.origin, {
    connections: config.PROVIDER_MAX_CONCURRENCY + CONNECTIONS_FOR_READS,
    pipelining: 1,
    allowH2: false,
    connect: { timeout: config.PROVIDER_CONNECT_TIMEOUT_MS },
    // One deadline governs the whole exchange (below), so undici's own timers rest.
    headersTimeout: 0,
    bodyTimeout: 0,
  });

  return {
    exchange: (request) =>
      new Promise((resolve) => {
        const chunks: Buffer[] = [];
        let size = 0;
        let head: Omit<Answer, 'text'> | null = null;
        let ended = false;
        let stop: ((reason: Error) => void) | null = null;

        function end(ending: WireEnding) {
          if (ended) return;
          ended = true;
          clearTimeout(deadline);
          resolve(ending);
        }
        function breakOff(code: 'timeout' | 'unreadable', message: string) {
          end(
            stop === null
              ? { kind: 'not_written', code: 'unreachable', message: 'no connection in time' }
              : { kind: 'broken', code, message },
          );
          stop?.(new Error(message));
        }
        const deadline = setTimeout(breakOff, config.PROVIDER_TIMEOUT_MS, 'timeout', 'no whole answer in time');

        pool.dispatch(
          {
            method: request.method,
            path: basePath + request.path,
            headers: request.headers,
            body: request.body ?? null,
          },
          {
            // The last moment before the first byte: undici writes when this returns, and drops the request when it throws.
            onRequestStart(controller) {
              if (request.sendBefore !== undefined && performance.now() > request.sendBefore) {
                end({ kind: 'not_written', code: 'too_late', message: 'the permission to send had expired' });
              }
              if (ended) throw new Error('must not be sent any more');
              stop = (reason) => controller.abort(reason);
            },
            onResponseStart(_controller, status, headers) {
              if (status < 200) return;
              const retryAfter = headers['retry-after'];
              head = {
                kind: 'answered',
                status,
                retryAfter: typeof retryAfter === 'string' ? retryAfter : null,
                at: providerTime(headers['date']),
              };
              const encoding = headers['content-encoding'];
              if (encoding !== undefined && encoding !== 'identity')
                breakOff('unreadable', 'the answer was compressed');
            },
            onResponseData(_controller, chunk) {
              size += chunk.length;
              if (size > MAX_ANSWER_BYTES) breakOff('unreadable', 'the answer was larger than 1 MB');
              else chunks.push(chunk);
            },
            onResponseEnd() {
              if (head === null) end({ kind: 'broken', code: 'unreadable', message: 'the answer had no head' });
              else end({ ...head, text: Buffer.concat(chunks).toString('utf8') });
            },
            onResponseError(_controller, error) {
              if (stop === null) end({ kind: 'not_written', code: 'unreachable', message: reasonOf(error) });
              else {
                const garbled = error.name === 'HTTPParserError' || head !== null;
                end({ kind: 'broken', code: garbled ? 'unreadable' : 'connection_lost', message: reasonOf(error) });
              }
            },
          },
        );
      }),
    close: () => pool.destroy(),
  };
}

/** Deadlines the provider names are in its own time; a host whose clock is wrong must not misread them. */
function providerTime(header: string | string[] | undefined): Date {
  const stated = typeof header === 'string' ? Date.parse(header) : Number.NaN;
  const ours = Date.now();
  return new Date(Math.abs(stated - ours) > CLOCKS_AGREE_MS ? stated : ours);
}

/** A code such as ECONNREFUSED rather than the text, which may name hosts and addresses. */
function reasonOf(error: Error & { code?: unknown }): string {
  return typeof error.code === 'string' ? error.code : error.name;
}
