// Carries the plan out: each fault at its time, those on one target one after the other.
import { setTimeout as wait } from 'node:timers/promises';
import type { Rig } from '../rig/rig.ts';
import type { Fault, FaultName } from './fault-plan.ts';

export interface Committed {
  /** How often a fault of each name and target really hit something. */
  readonly hits: Map<string, number>;
  /** How many were carried out so far. */
  done: number;
}

export const hitName = (name: FaultName, target: string) => `${name} ${target}`;

/** Resolves when the last fault is over and everything runs again. */
export async function commitFaults(rig: Rig, plan: readonly Fault[], committed: Committed): Promise<void> {
  const startedAt = performance.now();
  const busy = new Map<string, Promise<void>>();
  const keeping = keepSnapshots(rig);
  for (const fault of plan) {
    await wait(Math.max(0, startedAt + fault.atMs - performance.now()));
    const before = busy.get(fault.target) ?? Promise.resolve();
    busy.set(
      fault.target,
      before.then(async () => {
        const hit = await commit(rig, fault);
        const name = hitName(fault.name, fault.target);
        if (hit) committed.hits.set(name, (committed.hits.get(name) ?? 0) + 1);
        committed.done += 1;
      }),
    );
  }
  await Promise.all(busy.values());
  keeping.abort();
}

/** Whether there was something to hit. */
async function commit(rig: Rig, fault: Fault): Promise<boolean> {
  const link = () => rig.links[fault.target as keyof Rig['links']];
  switch (fault.name) {
    case 'kill': {
      const part = rig.part(fault.target);
      await rig.kill(part);
      await wait(fault.lastsMs);
      await rig.start(part);
      return true;
    }
    case 'pause': {
      const part = rig.part(fault.target);
      part.freeze();
      await wait(fault.lastsMs);
      part.thaw();
      return true;
    }
    case 'cut':
      return link().cut() > 0;
    case 'hold':
      link().hold();
      await wait(fault.lastsMs);
      link().release();
      return true;
    case 'flush':
      await rig.redis.server.flush();
      return true;
    case 'rollback':
      rig.links.redis.cut();
      await rig.redis.server.rollBack();
      return true;
  }
}

const SNAPSHOT_EVERY_MS = 7000;

/** What Redis is rolled back to: some seconds old. */
function keepSnapshots(rig: Rig): AbortController {
  const over = new AbortController();
  void (async () => {
    while (!over.signal.aborted) {
      await rig.redis.server.snapshot().catch(() => undefined);
      await wait(SNAPSHOT_EVERY_MS, undefined, { signal: over.signal }).catch(() => undefined);
    }
  })();
  return over;
}
