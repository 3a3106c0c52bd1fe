// What the provider lists and checks: wallets, transactions by day, where it pays, who is behind an account, what it costs.
import { newId } from '../../src/ids.ts';
import { type Point, Rule } from '../point.ts';

const today = () => new Date().toISOString().slice(0, 10);
const some = new Rule('something', (seen: unknown) => seen !== undefined && seen !== null && seen !== '');

export const LISTS: readonly Point[] = [
  {
    id: 'list',
    expected: 'The list of a day is read page by page: newest first, each once, with its total.',
    async check(stage, see) {
      const provider = await stage.open();
      const references = Array.from({ length: 5 }, () => newId('collection'));
      for (const reference of references) await stage.send('collection', { provider, reference });
      const listed: (string | null)[] = [];
      for (const page of [1, 2, 3]) {
        const of = { from: today(), to: today(), page, limit: 2 };
        const { transactions, total, page: shown } = await provider.transactions(of);
        see('total and page', { total, shown }, { total: 5, shown: page });
        listed.push(...transactions.map(({ reference }) => reference));
      }
      see('references', listed, references.toReversed());
      const before = await provider.transactions({ from: '2020-01-01', to: '2020-01-02', page: 1, limit: 10 });
      see('another day', before, { transactions: [], total: 0 });
    },
  },
  {
    id: 'wallets',
    expected: 'The provider’s wallets are read exactly, to the hundredth.',
    async check(stage, see) {
      const provider = await stage.open();
      await stage.control('/wallets', { UGX: '123456.78', KES: '0.05' });
      const wallets = new Map((await provider.wallets()).map((wallet) => [wallet.currency, wallet]));
      see('UGX', wallets.get('UGX'), { balanceMinor: 12_345_678n, enabled: true });
      see('KES', wallets.get('KES'), { balanceMinor: 5n });
    },
  },
  {
    id: 'checks',
    expected: 'Countries, banks and accounts are read; what does not exist is said not to exist.',
    async check(stage, see) {
      const provider = await stage.open();
      const uganda = (await provider.countries()).find(({ country }) => country === 'UG');
      see('Uganda', uganda, { name: some, phonePrefix: '+256', methods: some });
      const [bank] = await provider.banks('UG');
      see('a bank', bank, { code: some, name: some });
      const of = { country: 'UG', bankCode: bank?.code ?? '' };
      const account = await provider.verifyBankAccount({ ...of, accountNumber: '0012033048' });
      see('an account', account, { accountName: some });
      const nobody = await provider.verifyBankAccount({ ...of, accountNumber: '0012030404' }).catch((error) => error);
      see('an account nobody has', nobody, { name: 'ProviderRejected' });
      see('a wallet', await provider.eversendAccountExists({ phone: '+256712345678' }), true);
      see('a wallet nobody has', await provider.eversendAccountExists({ phone: '+256712340404' }), false);
    },
  },
  {
    id: 'collection-fees',
    expected: 'What a collection costs is read exactly, and a one-time code can be asked for.',
    async check(stage, see) {
      const provider = await stage.open();
      const fees = await provider.collectionFees({ amountMinor: 200_000n, currency: 'UGX' });
      see('of 2000', fees, { currency: 'UGX', chargeMinor: 3_000n, totalToPayMinor: 203_000n });
      see('a code', await provider.requestOtp('+256712345678'), { pinId: some });
    },
  },
];
