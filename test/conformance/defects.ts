// Our own adapter with one defect each: what the kit must tell from an adapter that conforms, point by point.
import type { Adapter, Opening } from '../../conformance/adapter.ts';
import * as ours from '../../conformance/eversend.ts';
import { HASTY_MS } from '../../conformance/stage.ts';
import { ProviderRejected } from '../../src/errors.ts';
import type { LookUpEnding, Provider, SendPermission, SubmitEnding } from '../../src/provider/provider.ts';

export interface Defect {
  /** The point that must fail, and no other. */
  readonly point: string;
  readonly what: string;
  readonly adapter: Adapter;
}

const defects: Defect[] = [];
const add = (point: string, what: string, adapter: Partial<Adapter>) =>
  defects.push({ point, what, adapter: { ...ours, ...adapter } });
/** A defect that changes what an opened provider does. */
const wrap = (point: string, what: string, change: (provider: Provider, of: Opening) => Partial<Provider>) =>
  add(point, what, {
    openProvider(of) {
      const provider = ours.openProvider(of);
      return { ...provider, ...change(provider, of) };
    },
  });

interface Call {
  readonly reference: string;
  readonly provider: Provider;
  readonly of: Opening;
  submit(permission: SendPermission): Promise<SubmitEnding>;
  /** The same order through a provider opened anew. */
  afresh(permission: SendPermission): Promise<SubmitEnding>;
  /** The same order under another reference. */
  renamed(permission: SendPermission): Promise<SubmitEnding>;
}

/** A defect in the sending of money, whichever direction it goes. */
const sending = (
  point: string,
  what: string,
  change: (call: Call, permission: SendPermission) => Promise<SubmitEnding>,
) =>
  wrap(point, what, (provider, of) => {
    const opened = [provider];
    const anew = () => {
      const fresh = ours.openProvider(of);
      opened.push(fresh);
      return fresh;
    };
    const changed =
      <Order extends { readonly reference: string }>(
        by: (provider: Provider) => (order: Order, permission: SendPermission) => Promise<SubmitEnding>,
      ) =>
      (order: Order, permission: SendPermission) =>
        change(
          {
            reference: order.reference,
            provider,
            of,
            submit: (until) => by(provider)(order, until),
            afresh: (until) => by(anew())(order, until),
            renamed: (until) => by(provider)({ ...order, reference: `${order.reference}2` }, until),
          },
          permission,
        );
    return {
      submitCollection: changed((by) => by.submitCollection),
      submitPayout: changed((by) => by.submitPayout),
      async close() {
        for (const one of opened) await one.close();
      },
    };
  });

/** A defect in how the ending of a sending is told. */
const told = (
  point: string,
  what: string,
  is: (ending: SubmitEnding) => boolean,
  instead: (ending: SubmitEnding, reference: string) => SubmitEnding,
) =>
  sending(point, what, async ({ submit, reference }, permission) => {
    const ending = await submit(permission);
    return is(ending) ? instead(ending, reference) : ending;
  });
const notSent = (): SubmitEnding => ({ kind: 'not_sent', code: 'unreachable', message: '', retryAfterMs: null });
const refused = (): SubmitEnding => ({ kind: 'refused', code: 'limit_exceeded', message: '' });
const inDoubt = (): SubmitEnding => ({ kind: 'unknown', code: 'server_error', message: '' });
const ended =
  (code: string, message = /./) =>
  (ending: SubmitEnding) =>
    'code' in ending && ending.code === code && message.test(ending.message);

told(
  'accepted',
  'forgets the provider’s id',
  ({ kind }) => kind === 'accepted',
  (ending) =>
    ending.kind === 'accepted'
      ? { ...ending, transaction: { ...ending.transaction, providerTransactionId: '' } }
      : ending,
);
told(
  'final-at-once',
  'calls every accepted transaction pending',
  ({ kind }) => kind === 'accepted',
  (ending) =>
    ending.kind === 'accepted' ? { ...ending, transaction: { ...ending.transaction, status: 'pending' } } : ending,
);
told('unreachable', 'takes a refused connection for doubt', ended('unreachable', /^(?!No token)/), inDoubt);
told('connection-lost', 'takes a reset connection for one never made', ended('connection_lost'), notSent);
told('timeout', 'calls a time-out not sent', ended('timeout', /no whole answer/), notSent);
told('unreadable', 'calls an unreadable success refused', ended('unreadable', /^(?!.*larger)/), refused);
told('self-denying', 'believes the error inside a 200', ended('mismatch', /error has occurred/), refused);
told('mismatch', 'accepts whatever a 200 speaks of', ended('mismatch', /another transaction/), (_, reference) => ({
  kind: 'accepted',
  transaction: {
    providerTransactionId: 'BP1',
    reference,
    type: 'payout',
    status: 'pending',
    currency: 'UGX',
    amountMinor: 100_000n,
    feesMinor: null,
    destinationAmountMinor: null,
    destinationCurrency: null,
    isRefunded: false,
    reason: null,
    redirectUrl: null,
  },
}));
told('server-error', 'takes a 503 for "come back later"', ended('server_error', /maintenance/), notSent);
told('conflict', 'takes a 408 for a refusal', ended('timeout', /error has occurred/), refused);
told('payment-required', 'takes a 402 for a refusal', ended('payment_required'), refused);
told(
  'refused',
  'doubts a definite refusal',
  (ending) => ending.kind === 'refused' && !ending.code.startsWith('otp'),
  inDoubt,
);
told('already-exists', 'takes "already exists" for a refusal', ended('already_exists', /transaction already/), refused);
told('one-time-code', 'does not say that the code was wrong', ended('otp_invalid'), refused);
told('forbidden', 'takes a missing permission for a refusal', ended('forbidden'), refused);

add('deadline', 'gives a call six times its time', {
  openProvider: (of) => ours.openProvider(of.timeoutMs === HASTY_MS ? { ...of, timeoutMs: 6 * of.timeoutMs } : of),
});
sending('one-call', 'sends again after a server error', async ({ submit }, permission) => {
  const ending = await submit(permission);
  return ended('server_error')(ending) ? submit(permission) : ending;
});
sending('send-window', 'sends whenever it is asked to', ({ submit }, { sendBefore }) =>
  submit({ sendBefore: sendBefore < performance.now() ? Number.POSITIVE_INFINITY : sendBefore }),
);
sending('window-after-waiting', 'asks for the window only at the beginning', ({ submit }, { sendBefore }) =>
  submit({ sendBefore: sendBefore < performance.now() ? sendBefore : Number.POSITIVE_INFINITY }),
);
wrap('permits', 'gives a permit to everybody', () => ({ permit: async () => ({ release: () => undefined }) }));
told(
  'rate-limited',
  'waits for as long as the provider likes',
  (ending) => ending.kind === 'not_sent' && (ending.retryAfterMs ?? 0) >= 300_000,
  (ending) => (ending.kind === 'not_sent' ? { ...ending, retryAfterMs: 1e12 } : ending),
);
sending('pause', 'sends on while the provider asks for silence', async ({ submit, afresh }, permission) => {
  const ending = await submit(permission);
  return ended('rate_limited', /pause/)(ending) ? afresh(permission) : ending;
});

sending('token-refused-twice', 'tries a third time after two refused tokens', async ({ submit }, permission) => {
  const ending = await submit(permission);
  return ended('unauthenticated', /^invalid token/)(ending) ? submit(permission) : ending;
});
const flying = new WeakMap<Provider, number>();
sending('single-flight', 'fetches a token for each of several calls', async (call, permission) => {
  const before = flying.get(call.provider) ?? 0;
  flying.set(call.provider, before + 1);
  try {
    return await (before > 0 ? call.afresh(permission) : call.submit(permission));
  } finally {
    flying.set(call.provider, (flying.get(call.provider) ?? 1) - 1);
  }
});
wrap('token-kept', 'fetches a token for every question', (_, of) => ({
  async wallets() {
    const fresh = ours.openProvider(of);
    return fresh.wallets().finally(() => fresh.close());
  },
}));
told(
  'no-token',
  'takes a token that cannot be had for doubt',
  ended('unreachable', /token endpoint answered/),
  inDoubt,
);
wrap('wrong-origin', 'keeps a refused origin to itself', (provider) => ({
  configurationProblem() {
    const problem = provider.configurationProblem();
    return problem !== null && /origin/i.test(problem) ? null : problem;
  },
}));

const quoting = (point: string, what: string, change: (quotation: Awaited<ReturnType<Provider['quote']>>) => object) =>
  wrap(point, what, (provider) => ({
    async quote(order) {
      const quotation = await provider.quote(order);
      return { ...quotation, ...change(quotation) };
    },
  }));
const floated = (minor: bigint) => BigInt(Math.trunc((Number(minor) / 100) * 100));
quoting('exact-amounts', 'reads amounts as floats', ({ sourceAmountMinor }) => ({
  sourceAmountMinor: floated(sourceAmountMinor),
}));
quoting('quoted-as-asked', 'does not say what arrives', () => ({ destinationAmountMinor: 0n }));
quoting('quotation-end', 'does not know that the end was stated', () => ({ expiryStated: false }));
wrap('quotation-over-here', 'sends a quotation that is over', (provider) => ({
  submitPayout: (order, permission) => {
    const expiresAt = new Date(Date.now() + 3_600_000);
    return provider.submitPayout({ ...order, quotation: { ...order.quotation, expiresAt } }, permission);
  },
}));
told('quotation-over-there', 'takes an expired quotation for a refusal', ended('quotation_expired'), refused);
told('quotation-used', 'takes a used quotation for one never used', ended('already_exists', /already used/), notSent);
wrap('quotation-refused', 'takes an outage for a refusal', (provider) => ({
  quote: (order) =>
    provider.quote(order).catch((error: Error) => {
      throw error.name === 'ProviderUnavailable' ? new ProviderRejected('rejected', error.message) : error;
    }),
}));

type Asked = Parameters<Provider['lookUp']>[0];
const looking = (
  point: string,
  what: string,
  change: (ending: LookUpEnding, asked: Asked, provider: Provider, of: Opening) => LookUpEnding | Promise<LookUpEnding>,
) =>
  wrap(point, what, (provider, of) => ({
    lookUp: async (asked) => change(await provider.lookUp(asked), asked, provider, of),
  }));
type Found = Extract<LookUpEnding, { kind: 'found' }>['transaction'];
const foundAs = (point: string, what: string, change: (transaction: Found) => Partial<Found>) =>
  looking(point, what, (ending) =>
    ending.kind === 'found'
      ? { ...ending, transaction: { ...ending.transaction, ...change(ending.transaction) } }
      : ending,
  );
foundAs('found', 'leaves the charge out', () => ({ feesMinor: null }));
looking('not-found', 'does not take no for an answer', (ending, { providerTransactionId }) =>
  ending.kind === 'not_found' && providerTransactionId !== null
    ? { kind: 'unavailable', code: 'unknown', message: '', retryAfterMs: null }
    : ending,
);
const missed = new Set<string>();
looking('look-up-lags', 'remembers what was not there', (ending, { reference }) => {
  if (ending.kind === 'not_found') missed.add(reference);
  return missed.has(reference) ? { kind: 'not_found' } : ending;
});
looking('strangers', 'believes the id and not the reference', async (ending, asked, provider) => {
  if (ending.kind === 'found') return ending;
  const day = new Date().toISOString().slice(0, 10);
  const { transactions } = await provider.transactions({ from: day, to: day, page: 1, limit: 50 }).catch(() => ({
    transactions: [],
  }));
  const transaction = transactions.find((one) => one.providerTransactionId === asked.providerTransactionId);
  return transaction === undefined ? ending : { kind: 'found', transaction };
});
looking('cut-short', 'takes one page for all of them', (ending) =>
  ending.kind === 'unavailable' && ending.code === 'search_cut_short' ? { kind: 'not_found' } : ending,
);
foundAs('statuses', 'drops the reason of a failure', () => ({ reason: null }));
foundAs('returned', 'does not see that money went back', () => ({ isRefunded: false }));
foundAs('other-amount', 'reads whole shillings', ({ currency, amountMinor }) =>
  currency === 'UGX' ? { amountMinor: amountMinor - (amountMinor % 100n) } : {},
);

wrap('list', 'reads the first page again and again', (provider) => ({
  transactions: async (of) => ({ ...(await provider.transactions({ ...of, page: 1 })), page: of.page }),
}));
wrap('wallets', 'reads whole units', (provider) => ({
  wallets: async () =>
    (await provider.wallets()).map((wallet) => ({
      ...wallet,
      balanceMinor: wallet.balanceMinor - (wallet.balanceMinor % 100n),
    })),
}));
wrap('checks', 'calls everybody a holder of a wallet', () => ({ eversendAccountExists: async () => true }));
wrap('collection-fees', 'takes the whole for the charge', (provider) => ({
  collectionFees: async (of) => {
    const fees = await provider.collectionFees(of);
    return { ...fees, chargeMinor: fees.totalToPayMinor };
  },
}));

add('signature', 'knows one secret only', {
  verifySignature: (of) => ours.verifySignature({ ...of, secrets: of.secrets.slice(0, 1) }),
});
add('forgery', 'accepts the plain digest of the published sample', {
  verifySignature(of) {
    const verdict = ours.verifySignature(of);
    return verdict === 'unkeyed' ? 'valid' : verdict;
  },
});
add('callback-read', 'reads flat callbacks only', {
  readClaim: (rawBody) => (rawBody.includes('"data":{') ? null : ours.readClaim(rawBody)),
});

sending('redirect', 'follows redirects', async ({ submit, of }, permission) => {
  const ending = await submit(permission);
  if (!ended('redirected')(ending)) return ending;
  const control = await fetch(new URL('/control', of.baseUrl));
  const { switches } = (await control.json()) as { switches: Record<string, { now: string }> };
  await fetch(switches['redirect_to']?.now ?? '', { method: 'POST', body: '{}' });
  return ending;
});
wrap('size-cap', 'reads every answer to its end', (provider, of) => ({
  async submitCollection(order, permission) {
    const ending = await provider.submitCollection(order, permission);
    if (!ended('unreadable', /larger/)(ending)) return ending;
    const { token } = await provider.token();
    const body = { phone: order.phone, amount: 1000, country: 'UG', currency: 'UGX', transactionRef: order.reference };
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const again = await fetch(`${of.baseUrl}/collections/momo`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    await again.text();
    return ending;
  },
}));
sending('token-refused', 'pays again under another reference after a refused token', async (call, permission) => {
  const token = () => call.provider.token().catch(() => null);
  const before = await token();
  const ending = await call.submit(permission);
  if (ending.kind === 'accepted' && (await token())?.token !== before?.token) await call.renamed(permission);
  return ending;
});
/** Which of the two questions of a look-up failed: the list answers a provider opened anew, or it does not. */
const listWorks = async (of: Opening) => {
  const fresh = ours.openProvider(of);
  const day = new Date().toISOString().slice(0, 10);
  return fresh
    .transactions({ from: day, to: day, page: 1, limit: 1 })
    .then(
      () => true,
      () => false,
    )
    .finally(() => fresh.close());
};
const deaf = (point: string, what: string, listWorking: boolean) =>
  looking(point, what, async (ending, _, __, of) =>
    ending.kind === 'unavailable' && ending.code !== 'search_cut_short' && (await listWorks(of)) === listWorking
      ? { kind: 'not_found' }
      : ending,
  );
deaf('look-up-fails', 'takes a look-up that failed for "not there"', true);
deaf('list-fails', 'takes a list that failed for an empty one', false);

export const DEFECTS: readonly Defect[] = defects;
