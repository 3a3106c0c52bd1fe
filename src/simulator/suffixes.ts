// Faults ordered by the last four digits of the payer's phone, or the recipient's phone or account number (our own convention).
import type { CallFault, Outcome, WebhookFault } from './fault-list.ts';

export interface SuffixFault {
  /** How submitting breaks; `once` means only the first call with that reference. */
  readonly submit?: CallFault;
  readonly argument?: string;
  readonly once?: true;
  readonly outcome?: Outcome;
  readonly webhook?: readonly WebhookFault[];
  readonly what: string;
}

export const SUFFIXES: ReadonlyMap<string, SuffixFault> = new Map<string, SuffixFault>([
  ['0000', { outcome: 'fails', what: 'fails' }],
  ['0001', { outcome: 'stays_pending', what: 'stays pending' }],
  ['0002', { webhook: ['drop'], what: 'succeeds without a webhook' }],
  ['0003', { submit: 'hang_after', what: 'times out after recording' }],
  ['0004', { submit: 'error_after', what: '500 after recording' }],
  ['0005', { submit: 'error_before', once: true, what: '500 before recording, the first time' }],
  ['0006', { submit: 'error_before', what: '500 before recording, every time' }],
  ['0007', { submit: 'payment_required', what: '402 insufficient balance' }],
  ['0008', { submit: 'rate_limit', argument: '1', once: true, what: '429 with Retry-After 1, the first time' }],
  ['0009', { submit: 'html_after', what: '502 HTML after recording' }],
  ['0010', { submit: 'html_before', once: true, what: '502 HTML before recording, the first time' }],
  ['0011', { submit: 'reset_before', once: true, what: 'connection reset before recording, the first time' }],
  ['0012', { submit: 'reset_after', what: 'connection reset after recording' }],
  ['0013', { outcome: 'late_success', what: 'fails, later succeeds after all' }],
  ['0014', { outcome: 'refunded', what: 'succeeds, later isRefunded' }],
  ['0015', { webhook: ['duplicate'], what: 'webhook twice, same bytes' }],
  ['0016', { webhook: ['before_answer'], what: 'webhook before the answer' }],
  ['0017', { submit: 'wrong_amount', what: 'answer with another amount' }],
  ['0018', { outcome: 'other_amount', what: 'succeeds with one unit less than asked' }],
  ['0019', { submit: 'hang_before', once: true, what: 'times out before recording, the first time' }],
  ['0020', { submit: 'slow_before', once: true, what: 'recorded and answered only after slow_ms, the first time' }],
  ['0021', { webhook: ['lie'], what: 'correctly signed webhook with the opposite status' }],
  ['0022', { submit: 'truncated', what: 'answer cut in the middle, after recording' }],
  ['0023', { submit: 'empty', what: '200 without a body, after recording' }],
  ['0024', { submit: 'error_in_200', what: '200 whose body says success: false, after recording' }],
  ['0025', { submit: 'slow_after', what: 'recorded at once, answered after slow_ms' }],
  ['0026', { submit: 'unauthorized', once: true, what: '401 invalid token, the first time' }],
  ['0027', { submit: 'already_exists', once: true, what: '400 transaction already exists though it does not, once' }],
  ['0028', { submit: 'wrong_reference', what: 'answer with another reference' }],
  ['0029', { outcome: 'processing', what: 'shown as processing until final' }],
  ['0030', { outcome: 'fails_unrefunded', what: 'fails, and a payout is not credited back' }],
  ['0031', { submit: 'forbidden', what: '403' }],
  ['0032', { outcome: 'instant', what: 'successful in the very answer' }],
  ['0033', { webhook: ['reorder'], what: 'a pending webhook after the final one' }],
  ['0034', { webhook: ['bad_signature'], what: 'webhook signed with another secret' }],
  ['0035', { webhook: ['no_signature'], what: 'webhook without a signature' }],
  ['0036', { webhook: ['unkeyed'], what: 'webhook signed with the plain digest' }],
  ['0037', { webhook: ['nested'], what: 'webhook body nested under data' }],
  ['0038', { webhook: ['delay'], what: 'webhook late by up to webhook.delayMs' }],
  ['0039', { webhook: ['lie_amount'], what: 'correctly signed webhook with another amount' }],
  ['0040', { submit: 'payment_required_after', what: '402 though it was recorded' }],
  ['0041', { submit: 'wrong_currency', what: 'answer with another currency' }],
  ['0042', { outcome: 'reversed', what: 'succeeds, later failed with the money moved back' }],
  ['0043', { outcome: 'same_id', what: 'succeeds under a transactionId that others have too' }],
  ['0044', { webhook: ['respelled'], what: 'webhook twice, same content in other bytes' }],
  ['0045', { submit: 'redirect', what: '307 to another host' }],
  ['0046', { submit: 'cut_json', what: '200 with half of the JSON, after recording' }],
  ['0404', { what: 'no such account: account checks and bank accounts say so' }],
]);
