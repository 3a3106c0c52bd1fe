// A careful caller of the public API: the same key for the same payment, again and again until there is an answer.
import { setTimeout as wait } from 'node:timers/promises';

export interface Problem {
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly { readonly field: string; readonly code: string }[];
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** The system cannot be used as told; there is no point in going on. */
export class Hopeless extends Error {
  override name = 'Hopeless';
}

const LONGEST_PAUSE_MS = 3_000;
const CALL_TIMEOUT_MS = 20_000;

export class Api {
  readonly #url: string;
  readonly #key: string;
  readonly #patienceMs: number;
  /** How often a call had to be repeated: connection lost, restarting, busy. */
  repeated = 0;

  /** `url`: origin and BASE_PATH, without `/v1`. A call is repeated for `patienceMs` at most. */
  constructor(of: { url: string; key: string; patienceMs: number }) {
    this.#url = of.url.replace(/\/+$/, '');
    this.#key = of.key;
    this.#patienceMs = of.patienceMs;
  }

  get(path: string): Promise<Answer> {
    return this.#call('GET', path, {});
  }

  /** Repeats with the same key, so that whatever was done is answered and not done again. Raises Hopeless. */
  post(path: string, body: unknown, idempotencyKey: string | null): Promise<Answer> {
    const key = idempotencyKey === null ? {} : { 'idempotency-key': idempotencyKey };
    return this.#call('POST', path, { 'content-type': 'application/json', ...key }, JSON.stringify(body));
  }

  async #call(method: string, path: string, headers: Record<string, string>, body?: string): Promise<Answer> {
    const until = performance.now() + this.#patienceMs;
    for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      const tried = await this.#once(method, path, headers, body);
      if ('status' in tried) return tried;
      if (performance.now() + tried.pauseMs > until)
        throw new Hopeless(
          `${this.#url} did not take ${method} ${path} for ${this.#patienceMs / 1000} s: ${tried.why}`,
        );
      this.repeated += 1;
      await wait(Math.max(tried.pauseMs, pauseMs) * (0.75 + Math.random() / 2));
    }
  }

  async #once(
    method: string,
    path: string,
    headers: Record<string, string>,
    body: string | undefined,
  ): Promise<Answer | { readonly why: string; readonly pauseMs: number }> {
    try {
      const answer = await fetch(this.#url + path, {
        method,
        headers: { authorization: `Bearer ${this.#key}`, ...headers },
        signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
        ...(body === undefined ? {} : { body }),
      });
      const read: unknown = await answer.json();
      const { status } = answer;
      const { code = '', detail = '' } = read as Partial<Problem>;
      if (status === 401 || status === 403) throw new Hopeless(`${this.#url} refuses the API key: ${detail}`);
      const isBusy = status === 429 || status >= 500 || (status === 409 && code === 'request_in_progress');
      if (!isBusy) return { status, body: read };
      return { why: `${status} ${code}`, pauseMs: Number(answer.headers.get('retry-after') ?? 0) * 1000 };
    } catch (error) {
      if (error instanceof Hopeless) throw error;
      const { message, cause } = error as Error & { cause?: Error };
      return { why: cause?.message || message, pauseMs: 0 };
    }
  }
}
