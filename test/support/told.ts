// A world in which merchants are told: endpoints, payments that move, the relay, and runs of endpoints as the workers would do them.
import { createEndpoint, type Endpoint, type NewEndpoint } from '../../src/notifications/endpoint.ts';
import { relayOnce } from '../../src/notifications/relay.ts';
import { replayOnce } from '../../src/notifications/replay.ts';
import { runEndpoint } from '../../src/notifications/run-endpoint.ts';
import { createPayout } from '../../src/payouts/create.ts';
import { processorOf } from '../../workers/define-worker.ts';
import { payoutWorker } from '../../workers/payout.ts';
import { NEW_PAYOUT } from './new-payout.ts';
import { until } from './until.ts';
import { createWorld, type World } from './world.ts';

/** Deliveries in milliseconds instead of days. */
export const QUICK: Record<string, string> = {
  WEBHOOK_ALLOW_LOCAL: 'true',
  DELIVERY_TIMEOUT_MS: '1000',
  DELIVERY_SCHEDULE_MS: '20,40,80,100,100,100,100,100,100,100,100,100,100',
};

export interface Told {
  readonly world: World;
  endpoint(of: Partial<NewEndpoint> & { url: string }): Promise<{ endpoint: Endpoint; secret: string }>;
  /** Accepts so many payouts and gives their ids. */
  pay(count?: number): Promise<string[]>;
  /** Sends them, has them executed, and settles them (or what the provider is told to say). */
  end(ids: readonly string[], status?: 'successful' | 'failed'): Promise<void>;
  /** Relays all there is: until every published move has its event. */
  relay(): Promise<void>;
  /** Runs an endpoint whenever it is due until nothing is pending there. */
  drain(endpointId: string, timeoutMs?: number): Promise<void>;
  pending(endpointId: string): Promise<number>;
  close(): Promise<void>;
}

export async function openTold(env: Record<string, string> = {}): Promise<Told> {
  const world = await createWorld({ env: { ...QUICK, ...env } });
  await world.fund('UGX', 100_000_000_000n);
  const count = async (sql: string, values: string[] = []): Promise<number> =>
    Number((await world.db.raw(`SELECT count(*) AS n FROM ${sql}`, values)).rows[0].n);
  const moves = () => count('transaction_history WHERE is_told(from_state, to_state)');
  const pending = (endpointId: string) => count(`deliveries WHERE endpoint_id = ? AND state = 'pending'`, [endpointId]);
  const work = (id: string) => Promise.resolve(processorOf(world, payoutWorker)({ id: 'job', data: { id } } as never));
  return {
    world,
    pending,
    endpoint: (of) =>
      world.db.transaction((trx) =>
        createEndpoint(world, trx, world.caller, { description: null, types: null, ...of }),
      ),
    pay: (many = 1) =>
      Promise.all(
        Array.from({ length: many }, async () => {
          const answer = await createPayout(world, world.caller, world.request(), NEW_PAYOUT);
          return JSON.parse(answer.body).id as string;
        }),
      ),
    async end(ids, status = 'successful') {
      await Promise.all(ids.map(work));
      for (const id of ids) world.provider.rule(id, { status });
      await world.makeDue();
      await Promise.all(ids.map(work));
    },
    async relay() {
      await until(async () => {
        await relayOnce(world);
        while (await replayOnce(world));
        return (await count('events WHERE transaction_id IS NOT NULL')) === (await moves());
      }, 'every published move has its event');
    },
    async drain(endpointId, timeoutMs = 20_000) {
      await until(
        async () => {
          await runEndpoint(world, endpointId);
          return (await pending(endpointId)) === 0;
        },
        'everything is delivered',
        timeoutMs,
      );
    },
    close: () => world.close(),
  };
}
