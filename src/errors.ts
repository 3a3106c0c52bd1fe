// Every error we raise on purpose, named for whose move is next.

/** One refused field of an input: a path such as `recipient.phone`, a stable code and a sentence saying what to do. */
export interface FieldError {
  readonly field: string;
  readonly code: string;
  readonly message: string;
}

/**
 * Base of all deliberate errors. `code` is stable and public; `message` is public too, so it never carries secrets,
 * personal data or internals. Only `http/problem.ts` and `workers/define-worker.ts` translate it.
 */
export abstract class PaymentsError extends Error {
  abstract readonly status: number;
  readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** The input is wrong: the caller must send it differently. `errors` names each field. */
export class InvalidRequest extends PaymentsError {
  readonly status: number;
  readonly errors: readonly FieldError[];
  /** How many of them the caller is told: whoever sends a thousand wrong fields learns of the first few. */
  readonly told: number;
  constructor(
    errors: readonly FieldError[],
    options: { code?: string; message?: string; status?: number; told?: number } = {},
  ) {
    super(options.code ?? 'invalid_request', options.message ?? errors[0]?.message ?? 'The request is not valid.');
    this.errors = errors;
    this.status = options.status ?? 400;
    this.told = options.told ?? 20;
  }
  /** Shorthand for one wrong field. */
  static field(field: string, code: string, message: string): InvalidRequest {
    return new InvalidRequest([{ field, code, message }]);
  }
}

/** No valid credentials. */
export class Unauthenticated extends PaymentsError {
  readonly status = 401;
  constructor(message = 'Send a valid API key as "Authorization: Bearer ek_…".', code = 'unauthenticated') {
    super(code, message);
  }
}

/** Valid credentials that do not cover this. */
export class Forbidden extends PaymentsError {
  readonly status = 403;
  constructor(message: string, code = 'forbidden') {
    super(code, message);
  }
}

/** Not there, or not this caller's: the two are indistinguishable on purpose. */
export class NotFound extends PaymentsError {
  readonly status = 404;
  constructor(message = 'There is nothing here under this address.', code = 'not_found') {
    super(code, message);
  }
}

/** The caller's own requests collide: `request_in_progress`, `conflict`, or (422) `idempotency_key_reused`. */
export class Conflict extends PaymentsError {
  readonly status: number;
  constructor(code: string, message: string, status = 409) {
    super(code, message);
    this.status = status;
  }
}

/** Well-formed, but cannot be done now: `insufficient_funds`, `unsupported_currency`, … The caller's move, later. */
export class Refused extends PaymentsError {
  readonly status = 422;
  readonly field: string | undefined;
  constructor(code: string, message: string, field?: string) {
    super(code, message);
    this.field = field;
  }
}

/** Too many requests; try again after `retryAfterMs`. */
export class RateLimited extends PaymentsError {
  readonly status = 429;
  readonly retryAfterMs: number;
  constructor(message: string, retryAfterMs: number) {
    super('rate_limited', message);
    this.retryAfterMs = retryAfterMs;
  }
}

/** Another has already moved this row: success for a worker, 409 for a caller. */
export class StaleState extends PaymentsError {
  readonly status = 409;
  constructor(message = 'It is no longer in a state that allows this.') {
    super('conflict', message);
  }
}

/** The provider definitely refused: nothing was executed. `providerMessage` is its own text, already cut to size. */
export class ProviderRejected extends PaymentsError {
  readonly status = 422;
  readonly providerMessage: string;
  constructor(code: string, message: string, providerMessage = message) {
    super(code, message);
    this.providerMessage = providerMessage;
  }
}

/** The provider provably did not receive or execute the call. Safe to call again, not before `retryAfterMs` if given. */
export class ProviderUnavailable extends PaymentsError {
  readonly status = 503;
  readonly retryAfterMs: number | undefined;
  constructor(code: string, message: string, retryAfterMs?: number, options?: ErrorOptions) {
    super(code, message, options);
    this.retryAfterMs = retryAfterMs;
  }
}

/** We cannot store or read right now (database away). Nothing was done; the caller may repeat. */
export class Unavailable extends PaymentsError {
  readonly status = 503;
  constructor(message = 'The service cannot take this right now. Repeat it with the same Idempotency-Key.') {
    super('unavailable', message);
  }
}

/** A bug: something that cannot be, is. Paged; the details stay in the log. */
export class InvariantBroken extends PaymentsError {
  readonly status = 500;
  constructor(message: string, options?: ErrorOptions) {
    super('internal_error', message, options);
  }
}
