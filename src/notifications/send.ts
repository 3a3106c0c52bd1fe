// Sends one event to one endpoint: one POST within a deadline, no redirect followed, nothing inside reached, and the answer cut short.
import { lookup as systemLookup } from 'node:dns';
import { Agent, type Dispatcher } from 'undici';
import type { Config } from '../config.ts';
import { mayConnect, urlProblem } from './address-guard.ts';

/** What became of one try. `error` is a code of ours; null when the answer was a success. */
export interface Sent {
  readonly ok: boolean;
  readonly statusCode: number | null;
  readonly durationMs: number;
  readonly error: string | null;
  /** The beginning of the answer, as it came; null without one. Keep and show only what `excerptOf` makes of it. */
  readonly answer: string | null;
  readonly retryAfter: string | null;
}

export interface Sender {
  /** Never raises, and ends within DELIVERY_TIMEOUT_MS whatever the other side does. */
  send(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<Sent>;
  close(): Promise<void>;
}

/** As `dns.lookup` with `all`; tests have one that lies. */
export type ConnectLookup = (
  hostname: string,
  options: { all: true },
  done: (error: Error | null, addresses: { address: string; family: number }[]) => void,
) => void;

const MAX_ANSWER_BYTES = 64 * 1024;
const EXCERPT_BYTES = 256;
const REFUSED = 'ADDRESS_REFUSED';

/** Keep-alive connections to whatever endpoints there are; a name is judged by what it leads to at each new connection. */
export function createSender(
  config: Pick<Config, 'DELIVERY_TIMEOUT_MS' | 'WEBHOOK_ALLOW_LOCAL'>,
  lookup: ConnectLookup = systemLookup,
): Sender {
  const allowLocal = config.WEBHOOK_ALLOW_LOCAL === 'true';
  const deadlineMs = config.DELIVERY_TIMEOUT_MS;

  /** What is connected to is what was judged: the addresses go from here straight to the socket. One bad one spoils the name. */
  const guarded = (
    hostname: string,
    options: { all?: boolean },
    done: (error: Error | null, address: unknown, family?: number) => void,
  ) =>
    lookup(hostname, { all: true }, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error !== null) done(error, []);
      else if (first === undefined || !addresses.every(({ address }) => mayConnect(address, allowLocal)))
        done(Object.assign(new Error('the name leads to an address that is not public'), { code: REFUSED }), []);
      else if (options.all) done(null, addresses);
      else done(null, first.address, first.family);
    });

  const agent = new Agent({
    // Without a bound per host: a run bounds its own calls, and two endpoints on one host must not wait for each other.
    connections: null,
    pipelining: 1,
    allowH2: false,
    maxHeaderSize: 16 * 1024,
    keepAliveTimeout: 10_000,
    keepAliveMaxTimeout: 60_000,
    // One deadline governs the whole exchange, so undici's own timers rest.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: deadlineMs, lookup: guarded as never },
  });

  return {
    async send(url, headers, body) {
      const startedAt = performance.now();
      const end = (more: Partial<Sent>): Sent => ({
        ok: false,
        statusCode: null,
        error: null,
        answer: null,
        retryAfter: null,
        ...more,
        durationMs: Math.round(performance.now() - startedAt),
      });
      // A host that is an address is never looked up, so it is judged here; and the rules may have changed since it was registered.
      if (urlProblem(url, allowLocal) !== null) return end({ error: 'address_refused' });
      const signal = AbortSignal.timeout(deadlineMs);
      try {
        const { origin, pathname, search } = new URL(url);
        const response = await agent.request({
          origin,
          path: pathname + search,
          method: 'POST',
          headers: { ...headers, 'content-type': 'application/json', 'user-agent': 'eversend-payments' },
          body,
          signal,
        });
        const answer = await excerpt(response.body);
        const { statusCode } = response;
        const retryAfter = first(response.headers['retry-after']);
        const ok = statusCode >= 200 && statusCode < 300;
        const error = ok ? null : statusCode >= 300 && statusCode < 400 ? 'redirect' : 'status';
        return end({ ok, statusCode, error, answer, retryAfter });
      } catch (error) {
        return end({ error: signal.aborted ? 'timeout' : codeOf(error) });
      }
    },
    close: () => agent.destroy(),
  };
}

const CUT_WORD = /[\p{L}\p{M}\p{N}'@._+\uFFFD-]{1,100}$/u;

const first = (header: string | string[] | undefined) => (Array.isArray(header) ? header[0] : header) ?? null;

/** Reads what may be read, so that the connection can be used again; one that says too much, or too slowly, is cut off. */
async function excerpt(body: Dispatcher.ResponseData['body']): Promise<string | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  let isWhole = false;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      if (length < EXCERPT_BYTES) chunks.push(chunk);
      length += chunk.length;
      if (length > MAX_ANSWER_BYTES) break;
    }
    isWhole = length <= EXCERPT_BYTES;
  } catch {
    // The status has been given; how the rest of the answer ends does not change it.
  }
  const start = Buffer.concat(chunks).subarray(0, EXCERPT_BYTES).toString('utf8');
  // Half a name is not known as one, and would be kept.
  const kept = isWhole ? start : start.replace(CUT_WORD, '');
  return kept === '' ? null : kept;
}

const CODES: Readonly<Record<string, string>> = {
  [REFUSED]: 'address_refused',
  ENOTFOUND: 'name_not_found',
  EAI_AGAIN: 'name_not_found',
  ECONNREFUSED: 'connection_refused',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
};

/** A code of ours for whatever was raised: messages of libraries may carry anything. */
function codeOf(error: unknown): string {
  const { code = '', cause } = error as { code?: string; cause?: { code?: string } };
  const known = CODES[code] ?? CODES[cause?.code ?? ''];
  if (known !== undefined) return known;
  return /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|EPROTO)/.test(code)
    ? 'tls_failed'
    : 'connection_lost';
}
