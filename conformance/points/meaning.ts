// What an answer to a money call means for the money: one point for each row of the table in docs/conformance.md.

import { deadPort } from '../bystanders.ts';
import { anyOf, type Point, type See } from '../point.ts';
import { DIRECTIONS, HASTY_MS, type Stage } from '../stage.ts';

/** Sends one collection and one payout with each fault, every one through a provider of its own. */
async function eachFault(stage: Stage, see: See, faults: Readonly<Record<string, object>>, executed: 0 | 1 | null) {
  for (const direction of DIRECTIONS) {
    for (const [fault, expected] of Object.entries(faults)) {
      const { reference, ending } = await stage.send(direction, { faults: [fault, fault] });
      see(`a ${direction} with ${fault}`, ending, expected);
      if (executed !== null) see(`executions of it`, (await stage.booked(reference)).executed, executed);
    }
  }
}

const unknown = (code: unknown) => ({ kind: 'unknown', code });

export const MEANING: readonly Point[] = [
  {
    id: 'accepted',
    expected: 'An answer that agrees is `accepted`, under our reference, with the provider’s id, and is executed once.',
    async check(stage, see) {
      for (const direction of DIRECTIONS) {
        const { reference, ending } = await stage.send(direction);
        const { executed, transactionIds, asked } = await stage.booked(reference);
        const transaction = {
          providerTransactionId: transactionIds[0],
          reference,
          type: direction,
          status: 'pending',
          currency: 'UGX',
          amountMinor: 100_000n,
          isRefunded: false,
        };
        see(`a ${direction}`, ending, { kind: 'accepted', transaction });
        see('executions of it', executed, 1);
        see('what was asked for', asked, '1000');
      }
    },
  },
  {
    id: 'final-at-once',
    expected: 'An answer that is final already is `accepted` with that status.',
    async check(stage, see) {
      await stage.order({ outcome: { instant: 1 }, settle: { ms: 60_000 } });
      for (const direction of DIRECTIONS) {
        const { ending } = await stage.send(direction);
        see(`a ${direction}`, ending, { kind: 'accepted', transaction: { status: 'successful' } });
      }
    },
  },
  {
    id: 'unreachable',
    expected: 'A refused connection or a failed TLS handshake is `not_sent`: not a byte has left us.',
    async check(stage, see) {
      const baseUrl = `http://127.0.0.1:${await deadPort()}/v1`;
      const refused = await stage.send('collection', { opening: { baseUrl } });
      see('a refused connection', refused.ending, { kind: 'not_sent', code: 'unreachable' });
      const tls = { baseUrl: stage.simulator.url.replace('http:', 'https:') };
      const untrusted = await stage.send('collection', { opening: tls });
      see('a failed handshake', untrusted.ending, { kind: 'not_sent', code: 'unreachable' });
      const provider = await stage.open();
      const quotation = await stage.quote(provider);
      await stage.simulator.close();
      // Whoever keeps connections alive learns here that this one is gone.
      await provider.wallets().catch(() => undefined);
      for (const direction of DIRECTIONS) {
        const { ending } = await stage.send(direction, direction === 'payout' ? { provider, quotation } : { provider });
        see('a provider that went away', ending, { kind: 'not_sent', code: 'unreachable' });
      }
    },
  },
  {
    id: 'connection-lost',
    expected: 'A connection that breaks after the call was written is `unknown`.',
    async check(stage, see) {
      await eachFault(stage, see, { reset_before: unknown('connection_lost') }, 0);
      await eachFault(stage, see, { reset_after: unknown('connection_lost') }, 1);
    },
  },
  {
    id: 'timeout',
    expected: 'A call without an answer in time is `unknown`, and a look-up finds what was executed.',
    async check(stage, see) {
      const opening = { timeoutMs: HASTY_MS };
      const faults = ['hang_before', 'hang_after', 'slow_after:5000'] as const;
      const sendings = DIRECTIONS.flatMap((direction) =>
        faults.map(async (fault) => {
          const quotation = direction === 'payout' ? await stage.quote(await stage.open()) : undefined;
          const of = { faults: [fault], opening, ...(quotation === undefined ? {} : { quotation }) };
          const { ending, reference } = await stage.send(direction, of);
          see(`a ${direction} with ${fault}`, ending, unknown('timeout'));
          const found = await (await stage.open()).lookUp({ reference, providerTransactionId: null });
          see('its look-up', found.kind, fault === 'hang_before' ? 'not_found' : 'found');
        }),
      );
      await Promise.all(sendings);
    },
  },
  {
    id: 'unreadable',
    expected: 'A 2xx whose body is empty, cut, packed or no JSON is `unknown`.',
    async check(stage, see) {
      const faults = ['empty', 'not_json', 'cut_json', 'truncated', 'gzip_bomb:3'];
      await eachFault(stage, see, Object.fromEntries(faults.map((fault) => [fault, unknown('unreadable')])), 1);
    },
  },
  {
    id: 'self-denying',
    expected: 'A 2xx whose body says that it failed is `unknown`: it may have been executed.',
    check: (stage, see) => eachFault(stage, see, { error_in_200: unknown('mismatch') }, 1),
  },
  {
    id: 'mismatch',
    expected: 'A 2xx that names another amount, currency or reference than was asked for is `unknown`.',
    async check(stage, see) {
      const faults = ['wrong_amount', 'wrong_currency', 'wrong_reference'];
      await eachFault(stage, see, Object.fromEntries(faults.map((fault) => [fault, unknown('mismatch')])), 1);
    },
  },
  {
    id: 'server-error',
    expected: 'A 500, 502, 503 or 504 is `unknown`, with or without a readable body.',
    async check(stage, see) {
      const after = ['error_after:500', 'error_after:502', 'error_after:503', 'error_after:504', 'html_after'];
      await eachFault(stage, see, Object.fromEntries(after.map((fault) => [fault, unknown('server_error')])), 1);
      const before = { 'error_before:500': unknown('server_error'), html_before: unknown('server_error') };
      await eachFault(stage, see, before, 0);
    },
  },
  {
    id: 'conflict',
    expected: 'A 408 or 409 is `unknown`: an earlier copy of the call may be on its way.',
    async check(stage, see) {
      const faults = ['error_after:408', 'error_after:409'];
      await eachFault(stage, see, Object.fromEntries(faults.map((fault) => [fault, { kind: 'unknown' }])), 1);
    },
  },
  {
    id: 'payment-required',
    expected: 'A 402 is `unknown` as payment_required: a refusal only once look-ups have not found it.',
    async check(stage, see) {
      await eachFault(stage, see, { payment_required_after: unknown('payment_required') }, 1);
      await eachFault(stage, see, { payment_required: unknown('payment_required') }, 0);
    },
  },
  {
    id: 'refused',
    expected: 'A 400 or 422 that names what is wrong is `refused`: nothing was executed.',
    async check(stage, see) {
      for (const direction of DIRECTIONS) {
        const { ending, reference } = await stage.send(direction, { phone: '+0' });
        see(`a ${direction} to no phone`, ending, { kind: 'refused', code: anyOf('invalid_recipient', 'rejected') });
        see('executions of it', (await stage.booked(reference)).executed, 0);
      }
      await eachFault(stage, see, { 'error_before:422': { kind: 'refused', code: 'rejected' } }, 0);
    },
  },
  {
    id: 'already-exists',
    expected: 'A reference that the provider has already is `unknown`: an earlier sending was accepted.',
    async check(stage, see) {
      for (const direction of DIRECTIONS) {
        const { reference } = await stage.send(direction);
        const { ending } = await stage.send(direction, { reference });
        see(`the same ${direction} again`, ending, unknown('already_exists'));
        see('executions of it', (await stage.booked(reference)).executed, 1);
      }
      await eachFault(stage, see, { already_exists: unknown('already_exists') }, 0);
    },
  },
  {
    id: 'one-time-code',
    expected: 'A missing, wrong or expired one-time code is `refused` and says which; a used one is `unknown`.',
    async check(stage, see) {
      await stage.order({ otp: { exempt: false } });
      const provider = await stage.open();
      see('no code', (await stage.send('collection', { provider })).ending, { kind: 'refused', code: 'otp_required' });
      const { pinId } = await provider.requestOtp('+256712345678');
      const withPin = async (pin: string) => (await stage.send('collection', { provider, otp: { pinId, pin } })).ending;
      see('a wrong code', await withPin('999999'), { kind: 'refused', code: 'otp_invalid' });
      see('the right code', await withPin('123456'), { kind: 'accepted' });
      see('a used code', await withPin('123456'), unknown('already_exists'));
      await stage.order({ otp: { ttlMs: 0 } });
      const late = await provider.requestOtp('+256712345679');
      const of = { provider, phone: '+256712345679', otp: { pinId: late.pinId, pin: '123456' } };
      see('an expired code', (await stage.send('collection', of)).ending, { kind: 'refused', code: 'otp_invalid' });
    },
  },
  {
    id: 'forbidden',
    expected: 'A 403, 404 or 405 is `not_sent`, and a problem for the operator until the call works again.',
    async check(stage, see) {
      for (const fault of ['forbidden', 'not_found', 'error_before:405']) {
        const { ending, provider } = await stage.send('collection', { faults: [fault] });
        see(`a collection with ${fault}`, ending, { kind: 'not_sent', code: 'forbidden' });
        see('whether the operator is told', provider.configurationProblem() !== null, true);
        see('the next one', (await stage.send('collection', { provider })).ending, { kind: 'accepted' });
        see('the problem after it', provider.configurationProblem(), null);
      }
      const { ending } = await stage.send('payout', { faults: ['forbidden'] });
      see('a payout with forbidden', ending, { kind: 'not_sent', code: 'forbidden' });
    },
  },
];
