// How a call can fail: refused by an answer, or left without one.
import type { Problem } from './generated/description.ts';

export interface CallFacts {
  /** Such as `createPayout`. */
  readonly operation: string;
  /** Under which the same request may be sent again, and is still carried out once; null where it needs none. */
  readonly idempotencyKey: string | null;
  /** How often it was sent. */
  readonly attempts: number;
}

/** The service answered, and refused. Decide by `code`; `detail` (the message) and `errors` are for people. */
export class ApiError extends Error implements CallFacts {
  override readonly name = 'ApiError';
  readonly status: number;
  /** Stable: `insufficient_funds`, `invalid_request`, …; `http_502` and the like where something in between answered. */
  readonly code: string;
  /** Every wrong field of the input. */
  readonly errors: NonNullable<Problem['errors']>;
  /** To name when you ask about it. */
  readonly requestId: string | null;
  readonly operation: string;
  readonly idempotencyKey: string | null;
  readonly attempts: number;

  constructor(
    of: { status: number; problem: Partial<Problem> | null; requestId: string | null; text: string },
    call: CallFacts,
  ) {
    const { status, problem, requestId, text } = of;
    super(problem?.detail ?? `The answer was ${status}: ${text.slice(0, 200)}`);
    this.status = status;
    this.code = problem?.code ?? `http_${status}`;
    this.errors = problem?.errors ?? [];
    this.requestId = problem?.requestId ?? requestId;
    this.operation = call.operation;
    this.idempotencyKey = call.idempotencyKey;
    this.attempts = call.attempts;
  }
}

/**
 * No answer came, though it was asked for again and again: nobody knows what became of the request. Send the same request again
 * later under the same `idempotencyKey` to find out.
 */
export class NoAnswer extends Error implements CallFacts {
  override readonly name = 'NoAnswer';
  readonly operation: string;
  readonly idempotencyKey: string | null;
  readonly attempts: number;

  constructor(cause: unknown, call: CallFacts) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`${call.operation} was not answered after ${call.attempts} attempts: ${why}`, { cause });
    this.operation = call.operation;
    this.idempotencyKey = call.idempotencyKey;
    this.attempts = call.attempts;
  }
}
