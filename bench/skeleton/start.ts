// Starts a skeleton: its database, its API process and its worker process.
import { join } from 'node:path';
import { type Child, startChild } from '../harness/child.ts';
import type { BenchProvider } from '../harness/provider.ts';
import type { Servers } from '../harness/servers.ts';
import type { Subject } from '../harness/subject.ts';
import type { SkeletonOrder } from './order.ts';
import { createSkeletonSchema } from './schema.ts';
import type { Variant } from './steps.ts';

const ENDED = "SELECT reference AS id, state FROM payouts WHERE reference = ANY($1) AND state = 'settled'";

/** `redisDatabase` must be the skeleton's own. The caller ends it by disposing of `cleanup`. */
export async function startSkeleton(of: {
  variant: Variant;
  servers: Servers;
  provider: BenchProvider;
  redisDatabase: number;
  cleanup: AsyncDisposableStack;
}): Promise<Subject> {
  const databaseUrl = await of.servers.createDatabase(`skeleton_${of.variant}`);
  await createSkeletonSchema(databaseUrl);
  const order: SkeletonOrder = {
    variant: of.variant,
    databaseUrl,
    redisUrl: of.servers.redisUrl(of.redisDatabase),
    providerUrl: of.provider.url,
    webhookSecret: of.provider.webhookSecret,
  };
  const start = (file: string): Child => {
    const child = startChild({
      name: `the ${of.variant} skeleton's ${file}`,
      command: process.execPath,
      args: [join(import.meta.dirname, file), JSON.stringify(order)],
      ipc: true,
    });
    of.cleanup.defer(() => child.end());
    return child;
  };
  const api = start('api.ts');
  const { port } = await api.firstMessage<{ port: number }>();
  const worker = of.variant === 'accept' ? null : start('worker.ts');
  await worker?.firstMessage();
  const apiUrl = `http://127.0.0.1:${port}`;
  of.provider.tell(apiUrl);
  return {
    name: of.variant,
    apiUrl,
    databaseUrl,
    headers: () => ({}),
    endedText: ENDED,
    processes: { api: api.pid, worker: worker?.pid ?? null },
    stopWorker: async () => worker?.end(),
  };
}
