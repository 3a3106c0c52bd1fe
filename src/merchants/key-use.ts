// When and from where an API key was last used: remembered in passing, written in the background, once a minute per key at most.
import { type Context, perContext } from '../context.ts';
import { runAlone } from '../db/knex.ts';

const ONCE_IN_MS = 60_000;
/** What comes within this time is written together. */
const GATHER_MS = 1000;

// Another process may have written a moment ago: within the minute the older word stands.
const WRITE = {
  name: 'write_key_use',
  text: `
    UPDATE api_keys k SET last_used_at = now(), last_used_address = u.address
    FROM unnest($1::text[], $2::inet[]) AS u(id, address)
    WHERE k.id = u.id AND (k.last_used_at IS NULL OR k.last_used_at < now() - ${ONCE_IN_MS - 2 * GATHER_MS} * interval '1 millisecond')`,
};

const usesOf = perContext(() => ({ writtenAt: new Map<string, number>(), waiting: new Map<string, string | null>() }));

/** Remembers a use. Returns at once and raises nothing: that it could not be written down is no reason to refuse anybody. */
export function noteUse(ctx: Context, id: string, clientAddress: string | null): void {
  const { writtenAt, waiting } = usesOf(ctx);
  const now = performance.now();
  const before = writtenAt.get(id);
  if (before !== undefined && now - before < ONCE_IN_MS) return;
  writtenAt.set(id, now);
  waiting.set(id, clientAddress);
  if (waiting.size === 1) setTimeout(() => void write(ctx), GATHER_MS).unref();
}

async function write(ctx: Context): Promise<void> {
  const { writtenAt, waiting } = usesOf(ctx);
  // By id, so that two processes that write the same keys wait for each other in one order.
  const uses = [...waiting].toSorted();
  waiting.clear();
  try {
    await runAlone(ctx.db, WRITE, [uses.map(([id]) => id), uses.map(([, address]) => address)]);
  } catch (error) {
    for (const [id] of uses) writtenAt.delete(id);
    ctx.log.debug({ event: 'key_use', error }, 'the use of API keys could not be written down');
  }
}
