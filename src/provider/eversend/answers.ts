// What an answer to a money call means for the money: the table of statuses and messages, row by row.
import type { ProviderTransaction, RefusalCode, SubmitEnding } from '../provider.ts';
import type { Answer, WireEnding } from './client.ts';
import { envelope, readJson, wordsOf } from './messages.ts';
import { readRetryAfter } from './retry-after.ts';

export interface Readable {
  /** The answer's `data`; undefined when there is none. */
  readonly data: unknown;
  readonly words: string;
  /** A 2xx that does not contradict itself. */
  readonly success: boolean;
}

/** The answer's envelope; null when the body is no JSON object (HTML, cut off, empty). */
export function readEnvelope(answer: Answer): Readable | null {
  const parsed = envelope.safeParse(readJson(answer.text));
  if (!parsed.success) return null;
  const { code, success, data, message } = parsed.data;
  const errorInside = success === false || /^[45][0-9]{2}$/.test(code ?? '');
  return { data, words: wordsOf(message), success: answer.status >= 200 && answer.status < 300 && !errorInside };
}

/** The pieces of an ending that differ between collections and payouts. */
export interface Sent {
  readonly direction: 'collection' | 'payout';
  /** The transaction in the answer when it is the one that was asked for; null when anything in it disagrees. */
  agreed(data: unknown): ProviderTransaction | null;
}

/** An earlier call with this reference, one-time code or quotation was taken: whether as ours, only a look-up tells. */
const TAKEN = /already (exists?|verified|processed|submitted|completed|been )|already used|duplicate/i;
const QUOTATION_OVER =
  /(quot(e|ation)|token|jwt)\b.*\b(expired|invalid|not found|malformed|no longer)|\b(expired|invalid) (quot|token|jwt|signature)/i;
const OTP = /\botp\b|\bpin ?id\b|\bpin\b|(?<!(country|currency|bank|branch|postal|swift|sort) )\bcode\b/i;
const WRONG = /invalid|incorrect|wrong|expired|mismatch|does not match/i;
const RECIPIENT =
  /phone|recipient|beneficiary|receiver|account|bank|msisdn|subscriber|customer|first ?name|last ?name/i;
const LIMIT = /limit|minimum|maximum|exceed|at least|at most|too (small|large|low|high)|less than|greater than/i;
const CANNOT_PAY = /insufficient|declined|rejected|cancell?ed/i;

/** Endings that rest on nothing but how the exchange broke. */
export function ofBrokenExchange(ending: Exclude<WireEnding, Answer>): SubmitEnding {
  return ending.kind === 'not_written'
    ? { kind: 'not_sent', code: ending.code, message: ending.message, retryAfterMs: null }
    : { kind: 'unknown', code: ending.code, message: ending.message };
}

/** Classifies the answer to a money call. A 401 must have been retried with a fresh token before it comes here. */
export function ofAnswer(answer: Answer, sent: Sent): SubmitEnding {
  const { status } = answer;
  const body = readEnvelope(answer);
  const words = body?.words ?? '';
  if (status >= 200 && status < 300) return ofSuccess(body, sent);
  if (status >= 300 && status < 400) return unknown('redirected', 'the provider redirected the call');
  if (status >= 500) return unknown('server_error', words || `the provider answered ${status}`);
  if (status === 425 || status === 429) {
    return notSent('rate_limited', words || 'too many calls', readRetryAfter(answer.retryAfter, answer.at));
  }
  if (TAKEN.test(words)) return unknown('already_exists', words);
  if (status === 401) return notSent('unauthenticated', words || 'our credentials were refused');
  if (status === 402) return unknown('payment_required', words || 'the provider could not execute it');
  if (status === 408) return unknown('timeout', words || 'the provider gave up waiting');
  if (status !== 409 && sent.direction === 'payout' && QUOTATION_OVER.test(words)) {
    return notSent('quotation_expired', words);
  }
  if (status === 403 || status === 404 || status === 405) return notSent('forbidden', words || `status ${status}`);
  if (status === 400 || status === 422) {
    return { kind: 'refused', code: refusalCode(words, sent.direction), message: words || 'refused without a reason' };
  }
  return unknown('server_error', words || `the provider answered ${status}`);
}

function ofSuccess(body: Readable | null, sent: Sent): SubmitEnding {
  if (body === null) return unknown('unreadable', 'the answer could not be read');
  if (!body.success) {
    return unknown(
      TAKEN.test(body.words) ? 'already_exists' : 'mismatch',
      body.words || 'a success that denies itself',
    );
  }
  const transaction = sent.agreed(body.data);
  if (transaction === null) return unknown('mismatch', 'the answer speaks of another transaction than was asked for');
  return { kind: 'accepted', transaction };
}

/** Why a definite refusal was made. Eversend has no error codes, so its words decide; what is not recognised is `rejected`. */
export function refusalCode(words: string, direction: Sent['direction'] | 'other'): RefusalCode {
  if (direction !== 'payout' && /\botp\b|\bpin ?id\b|\bpin\b/i.test(words) && !WRONG.test(words)) return 'otp_required';
  if (direction !== 'payout' && OTP.test(words) && WRONG.test(words)) return 'otp_invalid';
  if (CANNOT_PAY.test(words)) return 'rejected';
  if (LIMIT.test(words)) return 'limit_exceeded';
  if (RECIPIENT.test(words)) return 'invalid_recipient';
  return 'rejected';
}

function unknown(code: Extract<SubmitEnding, { kind: 'unknown' }>['code'], message: string): SubmitEnding {
  return { kind: 'unknown', code, message };
}

function notSent(
  code: Extract<SubmitEnding, { kind: 'not_sent' }>['code'],
  message: string,
  retryAfterMs: number | null = null,
): SubmitEnding {
  return { kind: 'not_sent', code, message, retryAfterMs };
}
