// The crash points of the failure model that the rig can hit (how to add one: see point.ts).
import { at, calls, commits, type Point, runs } from './point.ts';
import { cut, delay, flushRedis, freeze, holdRedis, kill, killAndDeliver } from './strikes.ts';

// Statements by what they write: an acceptance, any step, and steps that stamp an attempt, conclude one, or book money.
const ACCEPTANCE = /^accept_transactions/;
const MOVE = /^write_steps/;
const STAMP = /^write_steps\(.*\$2\b/;
const CONCLUSION = /^write_steps\(.*\$3\b/;
const MONEY = /^write_steps\(.*\$8\b/;

const QUOTATION = calls('POST', /\/payouts\/quotation$/);
const PAYOUT = calls('POST', /\/payouts$/);
const COLLECTION = calls('POST', /\/collections\/momo$/);

/** Past the lease and the job's lock of the compressed profile (2 s each), and past the look-up that follows. */
export const PAST_THE_LEASE_MS = 3500;
/** Past the life of a quotation in the profile of these points. */
export const QUOTATION_TTL_MS = 2000;

/** The answer of the provider has come to a process, and the first write about it is on its way. */
function answered(): Point['arm'] {
  return (rig, times) => {
    const heard = new Set<string>();
    const hearing = at('provider', 'after', PAYOUT, (_rig, from) => {
      heard.add(from);
      return 'pass';
    })(rig, Number.POSITIVE_INFINITY);
    const striking = at(
      'postgres',
      'before',
      (flight, from) => heard.has(from) && runs(MOVE)(flight, from),
      (it, from) => {
        heard.delete(from);
        return kill(it, from);
      },
    )(rig, times);
    return {
      get hits() {
        return striking.hits;
      },
      disarm() {
        hearing.disarm();
        striking.disarm();
      },
    };
  };
}

const payout = (id: string, what: string, arm: Point['arm']): Point => ({ id, what, asks: 'payout', arm });
const collection = (id: string, what: string, arm: Point['arm']): Point => ({ id, what, asks: 'collection', arm });

export const POINTS: readonly Point[] = [
  payout('P1', 'web killed before its COMMIT is sent', at('postgres', 'before', commits(ACCEPTANCE, 'web'), kill)),
  payout('P2', 'acceptance cut before the COMMIT', at('postgres', 'before', commits(ACCEPTANCE, 'web'), cut)),
  payout('P2', 'acceptance cut after the COMMIT', at('postgres', 'after', commits(ACCEPTANCE, 'web'), cut)),
  payout(
    'P3',
    'web killed after the COMMIT, before it rings',
    at('postgres', 'after', commits(ACCEPTANCE, 'web'), kill),
  ),
  payout('P5', 'Redis silent while web rings', at('postgres', 'after', commits(ACCEPTANCE, 'web'), holdRedis(1000))),
  payout('P7', 'Redis flushed while a payout is sent', at('postgres', 'before', commits(STAMP), flushRedis)),
  payout('P9', 'worker killed before its claim commits', at('postgres', 'before', commits(STAMP), kill)),
  payout('P11', 'worker killed holding a quotation', at('provider', 'after', QUOTATION, kill)),
  payout('P13', 'worker killed between stamp and sending', at('postgres', 'after', commits(STAMP), kill)),
  payout('P14', 'worker killed after sending, before the answer', at('provider', 'before', PAYOUT, killAndDeliver)),
  payout('P14', 'the answer lost on its way, worker alive', at('provider', 'after', PAYOUT, cut)),
  payout('P15', 'worker killed before it writes the answer', answered()),
  payout('P16', 'worker killed inside the write', at('postgres', 'before', commits(CONCLUSION), kill)),
  payout('P17', 'conclusion cut before its COMMIT', at('postgres', 'before', commits(CONCLUSION), cut)),
  payout('P17', 'conclusion cut after its COMMIT', at('postgres', 'after', commits(CONCLUSION), cut)),
  payout('P17', 'settlement cut before its COMMIT', at('postgres', 'before', commits(MONEY), cut)),
  payout('P17', 'settlement cut after its COMMIT', at('postgres', 'after', commits(MONEY), cut)),
  payout(
    'P18',
    'worker killed after the write, before its job is told',
    at('postgres', 'after', commits(CONCLUSION), kill),
  ),
  payout('P20', 'zombie between stamp and sending', at('postgres', 'after', commits(STAMP), freeze(PAST_THE_LEASE_MS))),
  payout('P20', 'zombie between sending and answer', at('provider', 'after', PAYOUT, freeze(PAST_THE_LEASE_MS))),
  payout('P20', 'zombie inside the write', at('postgres', 'before', commits(CONCLUSION), freeze(PAST_THE_LEASE_MS))),
  payout('P21', 'a sending delayed past recovery', at('provider', 'before', PAYOUT, delay(QUOTATION_TTL_MS + 2000))),
  collection('C4', 'worker killed after prompting, before the answer', at('provider', 'after', COLLECTION, kill)),
  collection(
    'C9',
    'worker killed between the good news and the credit',
    at('postgres', 'before', commits(MONEY), kill),
  ),
];
