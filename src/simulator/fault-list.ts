// The faults by name: how a call can break, how a transaction can end, how a webhook can go wrong.

/** Kinds of call for which faults can be ordered. */
export const CALL_GROUPS = {
  submit: 'POST /collections/momo and POST /payouts',
  quotation: 'POST /payouts/quotation and POST /exchanges/quotation',
  lookup: 'GET /transactions/{id}',
  list: 'GET /transactions',
  token: 'GET /auth/token',
  otp: 'POST /collections/otp',
  fees: 'POST /collections/fees',
  other: 'countries, banks, beneficiaries, account checks, wallets, exchange, account',
} as const;

export type CallGroup = keyof typeof CALL_GROUPS;

/** `before`: nothing is recorded. `after`: the work was done, then the answer is broken. A `:argument` is optional. */
export const CALL_FAULTS = {
  error_before: { stage: 'before', what: 'an error status (error_before:503; else error_statuses)' },
  html_before: { stage: 'before', what: 'HTTP 502 with an HTML page' },
  reset_before: { stage: 'before', what: 'the connection is reset' },
  hang_before: { stage: 'before', what: 'no answer at all' },
  slow_before: {
    stage: 'before',
    what: 'done and answered only after slow_ms (slow_before:3000), even if nobody waits',
  },
  rate_limit: { stage: 'before', what: 'HTTP 429 with Retry-After (rate_limit:5; else retry_after)' },
  unauthorized: { stage: 'before', what: 'HTTP 401 invalid token' },
  wrong_origin: { stage: 'before', what: 'HTTP 401 Invalid request origin' },
  forbidden: { stage: 'before', what: 'HTTP 403' },
  not_found: { stage: 'before', what: 'HTTP 404' },
  payment_required: { stage: 'before', what: 'HTTP 402 insufficient balance' },
  already_exists: { stage: 'before', what: 'HTTP 400 transaction already exists, though it does not' },
  redirect: { stage: 'before', what: 'HTTP 307 to redirect_to (redirect:308)' },
  error_after: { stage: 'after', what: 'an error status (error_after:504; else error_statuses)' },
  html_after: { stage: 'after', what: 'HTTP 502 with an HTML page' },
  reset_after: { stage: 'after', what: 'the connection is reset' },
  hang_after: { stage: 'after', what: 'no answer at all' },
  slow_after: { stage: 'after', what: 'the right answer after slow_ms (slow_after:3000)' },
  payment_required_after: { stage: 'after', what: 'HTTP 402, though it was done' },
  truncated: { stage: 'after', what: 'the connection is cut in the middle of the body' },
  cut_json: { stage: 'after', what: 'HTTP 200 with half of the JSON' },
  empty: { stage: 'after', what: 'HTTP 200 without a body' },
  not_json: { stage: 'after', what: 'HTTP 200 with plain text' },
  error_in_200: { stage: 'after', what: 'HTTP 200 whose body says success: false' },
  huge: { stage: 'after', what: 'HTTP 200 with an endless body (huge:50 = 50 MB)' },
  gzip_bomb: { stage: 'after', what: 'HTTP 200, gzip that unpacks to 50 MB (gzip_bomb:50)' },
  drip: { stage: 'after', what: 'the right answer, one byte every 50 ms' },
  wrong_amount: { stage: 'after', what: 'the answer names another amount' },
  wrong_currency: { stage: 'after', what: 'the answer names another currency' },
  wrong_reference: { stage: 'after', what: 'the answer names another transactionRef and transactionId' },
} as const satisfies Record<string, { readonly stage: 'before' | 'after'; readonly what: string }>;

export type CallFault = keyof typeof CALL_FAULTS;

/** How a recorded transaction goes on, instead of becoming successful after settle.ms. */
export const OUTCOMES = {
  fails: 'failed; a payout is credited back with isRefunded',
  fails_unrefunded: 'failed, but a payout is not credited back',
  stays_pending: 'pending (a collection until settle.collectionExpiryMs, then failed)',
  late_success: 'failed, and settle.lateMs later successful after all',
  refunded: 'successful, and settle.refundMs later isRefunded with the money moved back',
  reversed: 'successful, and settle.refundMs later failed with the money moved back',
  other_amount: 'successful with one unit less than asked',
  instant: 'successful in the very answer',
  processing: 'shown as processing instead of pending until it is successful',
  same_id: 'successful, under a transactionId that another such transaction has too',
} as const;

export type Outcome = keyof typeof OUTCOMES;

export const WEBHOOK_FAULTS = {
  drop: 'never sent',
  duplicate: 'the same bytes twice',
  respelled: 'the same content twice, in other bytes',
  delay: 'sent up to webhook.delayMs later',
  reorder: 'a pending event after the final one',
  before_answer: 'final, and its webhook delivered, before the call is answered',
  lie: 'correctly signed, but with the opposite status',
  lie_amount: 'correctly signed, but with another amount',
  nested: 'eventType and data instead of flat',
  unkeyed: 'signed with the plain digest of the body',
  bad_signature: 'signed with another secret',
  no_signature: 'not signed',
} as const;

export type WebhookFault = keyof typeof WEBHOOK_FAULTS;

export const isCallGroup = (text: string): text is CallGroup => Object.hasOwn(CALL_GROUPS, text);
export const isCallFault = (text: string): text is CallFault => Object.hasOwn(CALL_FAULTS, text);
export const isOutcome = (text: string): text is Outcome => Object.hasOwn(OUTCOMES, text);
export const isWebhookFault = (text: string): text is WebhookFault => Object.hasOwn(WEBHOOK_FAULTS, text);
