// The checker's process: watches until it is told to finish, prints each violation as a sentence, and ends with 1 if there was any.
import { parseArgs } from 'node:util';
import { say, type Violation } from './violation.ts';
import { type FinalOrder, Watch } from './watch.ts';

const USAGE = `node test/chaos/checker/main.ts --database <url> [--simulator <control url>] [--interval 500] [--once]

Watches I1–I3 in one snapshot every interval. --once: checks everything now, as when all is quiet, and ends.
Started with a channel it takes one message, the final order, and tells how many snapshots it has seen.`;

const NOTHING_MORE: FinalOrder = { callersList: null, canaries: [], files: [], overdueMs: 60_000, reviewShare: 1 };

const { values } = parseArgs({
  options: {
    database: { type: 'string' },
    simulator: { type: 'string' },
    interval: { type: 'string', default: '500' },
    once: { type: 'boolean', default: false },
  },
});
if (values.database === undefined) {
  process.stderr.write(`${USAGE}\n`);
  process.exit(2);
}

let violations = 0;
const watch = new Watch({
  databaseUrl: values.database,
  simulatorUrl: values.simulator ?? null,
  onViolation(violation: Violation) {
    violations += 1;
    process.stdout.write(`${say(violation)}\n`);
    process.send?.({ violation });
  },
});

const order = values.once ? NOTHING_MORE : await watching();
await watch.finish(order);
await watch.close();
process.stdout.write(`${JSON.stringify({ snapshots: watch.snapshots, violations })}\n`);
process.send?.({ snapshots: watch.snapshots, done: true });
process.exitCode = violations === 0 ? 0 : 1;
process.disconnect?.();

/** Watches until the final order comes. Whoever started us and is gone needs no answer. */
async function watching(): Promise<FinalOrder> {
  const over = new AbortController();
  const told = new Promise<FinalOrder>((resolve) =>
    process.once('message', (message) => resolve(message as FinalOrder)),
  );
  process.once('disconnect', () => process.exit(1));
  const telling = setInterval(() => process.send?.({ snapshots: watch.snapshots }), 1000);
  void told.then(() => over.abort());
  await watch.run(Number(values.interval), over.signal);
  clearInterval(telling);
  process.removeAllListeners('disconnect');
  return told;
}
