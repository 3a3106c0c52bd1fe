// Quotations: what was asked, exact to the hundredth, and the fence that their end is.
import { setTimeout as wait } from 'node:timers/promises';
import { formatAmount } from '../../src/money.ts';
import { type Point, Rule } from '../point.ts';
import type { Stage } from '../stage.ts';

/** Amounts that a float gets wrong on the way to hundredths, or cannot hold beside its cents. */
const AWKWARD = [435n, 115n, 820n, 1_999n, 100_005n, 5_797n, 999_999_999_999n, 99_999_999_999_999n];
const KENYAN = { sourceCurrency: 'KES', country: 'KE', destinationCurrency: 'KES' } as const;

const raised = (promise: Promise<unknown>) =>
  promise.then(
    (value) => value,
    (error: unknown) => error,
  );

const lifetimeOf = async (stage: Stage) => {
  const quotation = await stage.quote(await stage.open());
  return { quotation, leftMs: quotation.expiresAt.getTime() - Date.now() };
};

export const QUOTATIONS: readonly Point[] = [
  {
    id: 'exact-amounts',
    expected: 'Amounts are exact to the hundredth in the quotation, on the wire, in the answer and in the look-up.',
    async check(stage, see) {
      const provider = await stage.open();
      for (const amountMinor of AWKWARD) {
        const quotation = await stage.quote(provider, { ...KENYAN, amountMinor });
        see('quoted', quotation.sourceAmountMinor, amountMinor);
        see('quoted with the charge', quotation.totalMinor, amountMinor + quotation.feesMinor);
        const { ending, reference } = await stage.send('payout', { provider, quotation, phone: '+254712345678' });
        see('answered', ending, { kind: 'accepted', transaction: { amountMinor } });
        see('booked by the provider', (await stage.booked(reference)).asked, formatAmount(amountMinor));
        for (const numericAmounts of [false, true]) {
          await stage.order({ lookup: { numericAmounts } });
          const found = await provider.lookUp({ reference, providerTransactionId: null });
          see('looked up', found, { kind: 'found', transaction: { amountMinor } });
        }
      }
    },
  },
  {
    id: 'quoted-as-asked',
    expected: 'A quotation says what leaves, what arrives and what it costs, for either side of the amount.',
    async check(stage, see) {
      const provider = await stage.open();
      const source = await stage.quote(provider, { country: 'KE', destinationCurrency: 'KES' });
      see('of a source amount', source, {
        sourceCurrency: 'UGX',
        sourceAmountMinor: 100_000n,
        destinationCurrency: 'KES',
        destinationCountry: 'KE',
        feesMinor: 250_000n,
      });
      const destination = { country: 'KE', destinationCurrency: 'KES', amountType: 'destination' } as const;
      const arriving = await stage.quote(provider, { ...destination, amountMinor: 5_000n });
      see('of a destination amount', arriving, { destinationAmountMinor: 5_000n, sourceCurrency: 'UGX' });
    },
  },
  {
    id: 'quotation-end',
    expected: 'The end that the provider states is the quotation’s end, and is marked as stated.',
    async check(stage, see) {
      for (const ttlMs of [60_000, 1_800_000]) {
        await stage.order({ quotation: { ttlMs } });
        const { quotation, leftMs } = await lifetimeOf(stage);
        see('whether it is stated', quotation.expiryStated, true);
        const near = new Rule(`within 5 s of ${ttlMs} ms`, (ms: number) => Math.abs(ms - ttlMs) <= 5000);
        see('how long it lives', leftMs, near);
      }
    },
  },
  {
    id: 'quotation-over-here',
    expected: 'A quotation past its end is not sent: `not_sent` as too_late, without a money call.',
    async check(stage, see) {
      const provider = await stage.open();
      await stage.order({ quotation: { ttlMs: 200 } });
      const quotation = await stage.quote(provider);
      await wait(Math.max(0, quotation.expiresAt.getTime() - Date.now()) + 20);
      const { ending } = await stage.send('payout', { provider, quotation });
      see('a payout with it', ending, { kind: 'not_sent', code: 'too_late' });
      see('money calls', await stage.arrived('submit'), 0);
    },
  },
  {
    id: 'quotation-over-there',
    expected: 'A quotation that the provider calls expired is `not_sent`: a new one may be asked for.',
    async check(stage, see) {
      const provider = await stage.open();
      const quotation = await stage.quote(provider);
      await stage.control('/clock', { advanceMs: 31 * 60_000 });
      const { ending, reference } = await stage.send('payout', { provider, quotation });
      see('a payout with it', ending, { kind: 'not_sent', code: 'quotation_expired' });
      see('executions of it', (await stage.booked(reference)).executed, 0);
    },
  },
  {
    id: 'quotation-used',
    expected: 'A quotation that was used already is `unknown`: it may have been this very payout.',
    async check(stage, see) {
      const provider = await stage.open();
      const quotation = await stage.quote(provider);
      await stage.send('payout', { provider, quotation });
      const { ending } = await stage.send('payout', { provider, quotation });
      see('another payout with it', ending, { kind: 'unknown', code: 'already_exists' });
    },
  },
  {
    id: 'quotation-refused',
    expected: 'What cannot be quoted raises ProviderRejected, what cannot be asked ProviderUnavailable.',
    async check(stage, see) {
      const provider = await stage.open();
      const nowhere = raised(stage.quote(provider, { country: 'US', destinationCurrency: 'USD' }));
      see('a country it does not pay to', await nowhere, { name: 'ProviderRejected' });
      const nobody = { method: 'eversend', country: null, destinationCurrency: null } as const;
      const unknown = raised(stage.quote(provider, { ...nobody, recipient: { phone: '+256712340404' } }));
      see('a wallet nobody has', await unknown, { name: 'ProviderRejected', code: 'invalid_recipient' });
      for (const fault of ['error_before', 'reset_before', 'html_before', 'empty', 'rate_limit']) {
        await stage.order({ quotation: { next: [fault] } });
        see(`a quotation with ${fault}`, await raised(stage.quote(await stage.open())), {
          name: 'ProviderUnavailable',
        });
      }
    },
  },
];
