// X8 by processes: the access token dies under calls that are on their way, in every process at once.
import { until } from '../../support/until.ts';
import type { Point } from './point.ts';
import { payMany, type Stage, untilIn } from './stage.ts';

const IN_FLIGHT = 40;

type Counts = Record<string, { calls: number }>;
const callsTo = async ({ rig }: Stage, kind: string) => ((await rig.order('/calls')) as Counts)[kind]?.calls ?? 0;

/** Revokes the token while payments are being sent; gives how often a call was refused for it. Raises on a storm of renewals. */
async function revoke(stage: Stage): Promise<boolean> {
  const { rig } = stage;
  const [tokens, sent] = [await callsTo(stage, 'token'), await callsTo(stage, 'submit')];
  let refused = 0;
  const unwatch = rig.links.provider.watch(({ answer }) => {
    if (answer?.toString('latin1', 0, 12) === 'HTTP/1.1 401') refused += 1;
  });
  try {
    const paying = payMany(stage, 'X8', 'payout', IN_FLIGHT);
    await until(async () => (await callsTo(stage, 'submit')) > sent, 'payments are being sent');
    await rig.order('/faults', { token: { revoke: true } });
    await untilIn(stage, ['settled'], await paying);
  } finally {
    unwatch();
  }
  const renewed = (await callsTo(stage, 'token')) - tokens;
  const most = rig.webs.length + rig.workers.length + 1;
  if (renewed > most) throw new Error(`one revoked token was renewed ${renewed} times, by ${most - 1} processes`);
  stage.note(`X8: ${refused} calls of ${IN_FLIGHT} payments refused, token fetched ${renewed} times`);
  return refused > 0;
}

export const TOKENS: readonly Point[] = [
  {
    id: 'X8',
    what: 'the token dies under calls in flight',
    kind: 'rare',
    async hit(stage, times) {
      let hits = 0;
      for (let round = 0; hits < times && round < 3 * times; round += 1) if (await revoke(stage)) hits += 1;
      return hits;
    },
  },
];
