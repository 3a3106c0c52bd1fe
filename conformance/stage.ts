// The stage of one point: a simulator of its own, providers opened on it, and what the simulator saw of them.
import { newId } from '../src/ids.ts';
import type { Provider, Quotation, QuoteOrder, SubmitEnding } from '../src/provider/provider.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from '../src/simulator/server.ts';
import type { Adapter, Opening } from './adapter.ts';

export type Direction = 'collection' | 'payout';
export const DIRECTIONS: readonly Direction[] = ['collection', 'payout'];
export const PHONE = '+256712345678';
export const WEBHOOK_SECRET = 'the-secret-of-the-kit';
const CREDENTIALS = { clientId: 'kit-client', clientSecret: 'kit-secret' };

/** The longest an honest call may take on a busy machine, and what calls that are never answered are given. */
export const PATIENT_MS = 5000;
export const HASTY_MS = 600;

/** How one sending of money differs from the usual: 1,000 in the wallet's currency, without a fault. */
export interface Sending {
  readonly provider?: Provider;
  readonly reference?: string;
  /** Faults of its calls, in order, as `POST /control/faults` spells them. */
  readonly faults?: readonly string[];
  readonly opening?: Partial<Opening>;
  readonly sendBefore?: number;
  readonly amountMinor?: bigint;
  readonly phone?: string;
  readonly otp?: { readonly pinId: string; readonly pin: string };
  readonly quotation?: Quotation;
}

export interface Sent {
  readonly reference: string;
  readonly ending: SubmitEnding;
  readonly provider: Provider;
}

export interface Stage {
  readonly adapter: Adapter;
  readonly simulator: Simulator;
  open(of?: Partial<Opening>): Promise<Provider>;
  /** Sends money through a provider of its own unless told otherwise, under a permit as the product does. */
  send(direction: Direction, of?: Sending): Promise<Sent>;
  quote(provider: Provider, of?: Partial<QuoteOrder>): Promise<Quotation>;
  order(what: object): Promise<void>;
  control(path: string, body?: object): Promise<unknown>;
  /** What the book says about a reference: how often it was executed, under which ids, for how much. */
  booked(reference: string): Promise<Booked>;
  /** How many calls of that kind reached the simulator (`submit`, `token`, …), those with a refused token included. */
  arrived(group: string): Promise<number>;
  /** Closed when the point is done. */
  use<Thing extends { close(): Promise<void> }>(thing: Thing): Thing;
  close(): Promise<void>;
}

export interface Booked {
  readonly executed: number;
  readonly transactionIds: readonly string[];
  readonly asked: string | null;
}

const BARRED = { submit: ['POST /v1/payouts', 'POST /v1/collections/momo'] } as Readonly<Record<string, string[]>>;

/** Starts a simulator in which nothing becomes final unless it is told to. */
export async function setStage(adapter: Adapter, options: SimulatorOptions = {}): Promise<Stage> {
  const simulator = await startSimulator({
    ...CREDENTIALS,
    webhookSecret: WEBHOOK_SECRET,
    otpExempt: true,
    settleMs: null,
    wallets: { UGX: '999999999999', KES: '9999999999999' },
    settings: { hang_ms: 60_000 },
    ...options,
  });
  const things: { close(): Promise<void> }[] = [simulator];

  const control = async (path: string, body?: object): Promise<unknown> => {
    const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    const answer = await fetch(simulator.controlUrl + path, init);
    const said = (await answer.json()) as { message?: string };
    if (!answer.ok) throw new Error(`the simulator refuses ${path}: ${said.message}`);
    return said;
  };
  const use: Stage['use'] = (thing) => {
    things.push(thing);
    return thing;
  };
  const open: Stage['open'] = async (of = {}) =>
    use(
      await adapter.openProvider({
        ...CREDENTIALS,
        baseUrl: simulator.url,
        connectTimeoutMs: 1000,
        timeoutMs: PATIENT_MS,
        maxConcurrency: 32,
        quotationMarginMs: 100,
        ...of,
      }),
    );
  const quote: Stage['quote'] = (provider, of = {}) =>
    provider.quote({
      sourceCurrency: 'UGX',
      amountMinor: 100_000n,
      amountType: 'source',
      method: 'momo',
      country: 'UG',
      destinationCurrency: 'UGX',
      recipient: {},
      ...of,
    });

  return {
    adapter,
    simulator,
    control,
    use,
    open,
    quote,
    async send(direction, of = {}) {
      const provider = of.provider ?? (await open(of.opening));
      const reference = of.reference ?? newId(direction);
      const amountMinor = of.amountMinor ?? 100_000n;
      const phone = of.phone ?? PHONE;
      const quotation =
        direction === 'payout' ? (of.quotation ?? (await quote(provider, { amountMinor }))) : of.quotation;
      if (of.faults !== undefined) await control('/faults', { references: { [reference]: { submit: of.faults } } });
      const permit = await provider.permit();
      try {
        const permission = { sendBefore: of.sendBefore ?? performance.now() + 60_000 };
        const ending =
          quotation === undefined
            ? await provider.submitCollection(
                {
                  reference,
                  amountMinor,
                  currency: 'UGX',
                  country: 'UG',
                  phone,
                  customer: null,
                  otp: of.otp ?? null,
                  redirectUrl: null,
                },
                permission,
              )
            : await provider.submitPayout(
                {
                  reference,
                  method: 'momo',
                  country: quotation.destinationCountry,
                  recipient: { firstName: 'John', lastName: 'Okello', phone },
                  quotation,
                },
                permission,
              );
        return { reference, ending, provider };
      } finally {
        permit.release();
      }
    },
    order: async (what) => void (await control('/faults', what)),
    async booked(reference) {
      const summary = (await control(`/book/summary?reference=${reference}`)) as {
        references: Record<string, Booked | undefined>;
      };
      return summary.references[reference] ?? { executed: 0, transactionIds: [], asked: null };
    },
    async arrived(group) {
      const events = (await control('/log?channel=call')) as { event: string; key: string }[];
      const isBarred = (key: string) => BARRED[group]?.includes(key) === true;
      return events.filter(({ event, key }) => event === group || (event === 'barred' && isBarred(key))).length;
    },
    async close() {
      for (const thing of things.reverse()) await thing.close();
    },
  };
}
