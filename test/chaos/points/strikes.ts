// What is done at a crash point.
import { setTimeout as wait } from 'node:timers/promises';
import type { Fate } from '../proxy/link.ts';
import type { Strike } from './point.ts';

/** The connection is lost; the process lives on and must find out. */
export const cut: Strike = () => 'cut';

/** kill -9 of the very process that is at the point; its supervisor starts it again. */
export const kill: Strike = async (rig, from): Promise<Fate> => {
  const part = rig.part(from);
  await part.kill();
  await part.start();
  return 'cut';
};

/** kill -9 after what it had sent was on its way: it arrives though nobody waits for the answer. */
export const killAndDeliver: Strike = async (rig, from): Promise<Fate> => {
  const part = rig.part(from);
  await part.kill();
  await part.start();
  return 'deliver';
};

/** SIGSTOP past every lease and lock, then SIGCONT: a zombie that believes nothing has happened. */
export function freeze(ms: number): Strike {
  return async (rig, from): Promise<Fate> => {
    const part = rig.part(from);
    part.freeze();
    await wait(ms);
    part.thaw();
    return 'pass';
  };
}

/** The message is late by so much, and arrives whether or not its sender still waits. */
export function delay(ms: number): Strike {
  return async (): Promise<Fate> => {
    await wait(ms);
    return 'deliver';
  };
}

/** Redis forgets everything while the process goes on. */
export const flushRedis: Strike = async (rig): Promise<Fate> => {
  await rig.redis.server.flush();
  return 'pass';
};

/** Redis falls silent just now: it is there and answers nothing for a while. */
export function holdRedis(ms: number): Strike {
  return (rig) => {
    rig.links.redis.hold();
    setTimeout(() => rig.links.redis.release(), ms);
    return 'pass';
  };
}
