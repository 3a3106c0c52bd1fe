// What is done at a crash point.
import { setTimeout as wait } from 'node:timers/promises';
import { until } from '../../support/until.ts';
import type { HttpCall } from '../proxy/http-wire.ts';
import type { Fate } from '../proxy/link.ts';
import { MISSED, type Strike } from './point.ts';

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

/** kill -9 of a web process whose bell a worker has heard, while its caller still waits for the answer. */
export const cutAfterRinging: Strike<HttpCall> = async (rig, from, { body }) => {
  const { reference } = JSON.parse(body) as { reference: string };
  // The first generation is the web's own bell; what the sweep rings has a later one.
  const rung = `SELECT FROM transactions WHERE reference = $1 AND generation = 1 AND state <> 'accepted'`;
  const heard = async () => (await rig.database.query(rung, [reference])).rowCount === 1;
  const isHeard = await until(heard, 'a worker has heard the bell', HEARD_MS).catch(() => false);
  return isHeard ? kill(rig, from, null) : MISSED;
};

/** The answer waits until the payment has been settled without it: by the webhook, which was faster. */
export const untilSettled: Strike<HttpCall> = async (rig, _from, { body }) => {
  const { transactionRef } = JSON.parse(body) as { transactionRef: string };
  const settled = `SELECT FROM transactions WHERE id = $1 AND state = 'settled'`;
  const isSettled = async () => (await rig.database.query(settled, [transactionRef])).rowCount === 1;
  return (await until(isSettled, 'it is settled', WITHIN_THE_DEADLINE_MS).catch(() => false)) ? 'pass' : MISSED;
};

const HEARD_MS = 1500;
/** While the process still waits for the answer (1 s in the compressed profile). */
const WITHIN_THE_DEADLINE_MS = 900;
