// One call: sent under one key, and again under the same key until there is an answer, the time is up or asking is pointless.
import { backoffMs, pause } from './backoff.ts';
import { ApiError, type CallFacts, NoAnswer } from './errors.ts';
import type { Problem } from './generated/description.ts';

export interface ClientOptions {
  /** Origin and base path, without `/v1`: `https://pay.example.org`. */
  readonly baseUrl: string;
  /** `ek_live_…` or `ek_test_…`. */
  readonly apiKey: string;
  /** Another `fetch` than the platform's own. */
  readonly fetch?: typeof globalThis.fetch;
  /** How often a call may be repeated; 6 unless said, 0: never. */
  readonly retries?: number;
  /** For a call with all its repetitions, in milliseconds; 60,000 unless said. */
  readonly deadlineMs?: number;
  /** For one attempt, in milliseconds; 20,000 unless said. */
  readonly timeoutMs?: number;
  /** Told of every repetition before it is waited for. */
  readonly onRetry?: (call: CallFacts & { readonly why: string; readonly waitMs: number }) => void;
}

export interface CallOptions {
  /** Your own name for this payment, 16 to 128 of `[A-Za-z0-9_.-]`: kept with your order, it survives your crash. Else a random one. */
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
  readonly deadlineMs?: number;
}

export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly isKeyed: boolean;
  /** Whether it answers a file and not JSON. */
  readonly isFile: boolean;
}
interface Request {
  readonly url: string;
  readonly init: RequestInit;
  readonly isFile: boolean;
}
export interface AnyInput {
  readonly path?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

type Attempt =
  | { readonly answer: unknown }
  | { readonly refused: ApiError; readonly isFinal: boolean; readonly retryAfterMs: number }
  | { readonly lost: unknown };

/** Resolves with the answer's body. Raises ApiError, NoAnswer, or the signal's reason. */
export async function call(
  client: ClientOptions,
  operation: Operation & { readonly name: string },
  input: AnyInput,
  options: CallOptions,
): Promise<unknown> {
  const idempotencyKey = operation.isKeyed ? (options.idempotencyKey ?? newKey()) : null;
  const request = requestOf(client, operation, input, idempotencyKey);
  const until = performance.now() + (options.deadlineMs ?? client.deadlineMs ?? 60_000);
  for (let attempts = 1; ; attempts += 1) {
    const facts = { operation: operation.name, idempotencyKey, attempts };
    const tried = await attempt(client, request, facts, options.signal, until - performance.now());
    if ('answer' in tried) return tried.answer;
    const failure = 'refused' in tried ? tried.refused : new NoAnswer(tried.lost, facts);
    if ('refused' in tried && tried.isFinal) throw failure;
    const waitMs = backoffMs(attempts - 1, 'refused' in tried ? tried.retryAfterMs : 0);
    if (attempts > (client.retries ?? 6) || performance.now() + waitMs >= until) throw failure;
    client.onRetry?.({ ...facts, why: failure.message, waitMs });
    await pause(waitMs, options.signal);
  }
}

async function attempt(
  client: ClientOptions,
  request: Request,
  facts: CallFacts,
  signal: AbortSignal | undefined,
  leftMs: number,
): Promise<Attempt> {
  const timeout = AbortSignal.timeout(Math.max(1, Math.ceil(Math.min(client.timeoutMs ?? 20_000, leftMs))));
  try {
    const response = await (client.fetch ?? globalThis.fetch)(request.url, {
      ...request.init,
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    const text = await response.text();
    const isJson = /[/+]json\b/.test(response.headers.get('content-type') ?? '');
    if (!response.ok) return refusal(response, text, isJson, facts);
    if (request.isFile) return { answer: text };
    // An answer that is cut short, or a page of something in between, was not heard: it is asked for again, and given again.
    if (!isJson) return { lost: new Error(`The answer was ${response.status}, and no JSON.`) };
    return { answer: JSON.parse(text) };
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    return { lost: error };
  }
}

function refusal(response: Response, text: string, isJson: boolean, facts: CallFacts): Attempt {
  const { status, headers } = response;
  const problem = isJson ? (JSON.parse(text) as Partial<Problem>) : null;
  const refused = new ApiError({ status, problem, requestId: headers.get('x-request-id'), text }, facts);
  const isFinal = !(status >= 500 || status === 429 || (status === 409 && refused.code === 'request_in_progress'));
  const seconds = Number(headers.get('retry-after') ?? 0);
  return { refused, isFinal, retryAfterMs: seconds > 0 ? seconds * 1000 : 0 };
}

function requestOf(
  client: ClientOptions,
  { method, path, isKeyed, isFile, name }: Operation & { readonly name: string },
  input: AnyInput,
  idempotencyKey: string | null,
): Request {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, parameter: string) => {
    const value = input.path?.[parameter];
    if (typeof value !== 'string' || value === '') throw new TypeError(`${name} needs path.${parameter}.`);
    return encodeURIComponent(value);
  });
  const given = Object.entries(input.query ?? {}).filter(([, value]) => value !== undefined);
  const query = new URLSearchParams(given.map(([parameter, value]): [string, string] => [parameter, String(value)]));
  const headers: Record<string, string> = { authorization: `Bearer ${client.apiKey}` };
  if (isKeyed && idempotencyKey !== null) headers['idempotency-key'] = idempotencyKey;
  if (input.body !== undefined) headers['content-type'] = 'application/json';
  const body = input.body === undefined ? {} : { body: JSON.stringify(input.body) };
  return {
    url: `${client.baseUrl.replace(/\/+$/, '')}${filled}${given.length === 0 ? '' : `?${query}`}`,
    // A redirect would carry money and key somewhere else.
    init: { method, headers, redirect: 'error', ...body },
    isFile,
  };
}

function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
