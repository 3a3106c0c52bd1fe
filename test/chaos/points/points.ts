// The crash points of the failure model that the rig can hit (how to add one: see point.ts).
import { FINDINGS } from './findings.ts';
import { INTAKE } from './intake.ts';
import {
  ACCEPTANCE,
  ASKED,
  answered,
  COLLECTION,
  CONCLUSION,
  firstRead,
  MONEY,
  PAYOUT,
  QUOTATION,
  STAMP,
} from './moments.ts';
import { OUTAGES } from './outages.ts';
import { type Arm, at, commits, type Point } from './point.ts';
import { struck } from './stage.ts';
import { BURIED } from './stalls.ts';
import { cut, cutAfterRinging, delay, flushRedis, holdRedis, kill, killAndDeliver, untilSettled } from './strikes.ts';
import { TOKENS } from './tokens.ts';
import { ZOMBIES } from './zombies.ts';

/** Past the life of a quotation in the profile of these points. */
export const QUOTATION_TTL_MS = 2000;
/** Past the job's lock and the token's life together. */
const PAST_EVERYTHING_MS = QUOTATION_TTL_MS + 2000;
/** Past the deadline of a call in the compressed profile (1 s). */
const PAST_THE_DEADLINE_MS = 1500;
/** Points that only hold messages take many payments at once. */
const MANY = 16;

const web = (id: string, what: string, arm: Arm): Point => struck({ id, what, kind: 'intake', asks: 'payout', arm });
const payout = (id: string, what: string, arm: Arm, lanes?: number): Point =>
  struck({ id, what, kind: 'worker', asks: 'payout', arm, ...(lanes === undefined ? {} : { lanes }) });
const collection = (id: string, what: string, arm: Arm): Point =>
  struck({ id, what, kind: 'worker', asks: 'collection', arm });

/** Those that are hit one after the other. */
export const POINTS: readonly Point[] = [
  web('P1', 'web killed before its COMMIT is sent', at('postgres', 'before', commits(ACCEPTANCE, 'web'), kill)),
  web('P2', 'acceptance cut before the COMMIT', at('postgres', 'before', commits(ACCEPTANCE, 'web'), cut)),
  web('P2', 'acceptance cut after the COMMIT', at('postgres', 'after', commits(ACCEPTANCE, 'web'), cut)),
  web('P3', 'web killed after the COMMIT, before it rings', at('postgres', 'after', commits(ACCEPTANCE, 'web'), kill)),
  web('P4', 'web killed after it rang, before its caller hears', at('callers', 'after', ASKED, cutAfterRinging)),
  web('P5', 'Redis silent while web rings', at('postgres', 'after', commits(ACCEPTANCE, 'web'), holdRedis(1000))),
  ...INTAKE,
  payout('P7', 'Redis flushed while a payout is sent', at('postgres', 'before', commits(STAMP), flushRedis)),
  payout('P9', 'worker killed before it has read the row', firstRead('before', kill)),
  payout('P10', 'worker killed before its quotation is asked for', at('provider', 'before', QUOTATION, kill)),
  payout('P11', 'worker killed holding a quotation', at('provider', 'after', QUOTATION, kill)),
  payout('P12', 'worker killed before its stamp commits', at('postgres', 'before', commits(STAMP), kill)),
  payout('P13', 'worker killed between stamp and sending', at('postgres', 'after', commits(STAMP), kill)),
  payout('P14', 'worker killed after sending, before the answer', at('provider', 'before', PAYOUT, killAndDeliver)),
  payout('P14', 'the answer lost on its way, worker alive', at('provider', 'after', PAYOUT, cut)),
  payout('P15', 'worker killed before it writes the answer', answered(kill)),
  payout('P16', 'worker killed inside the write', at('postgres', 'before', commits(CONCLUSION), kill)),
  payout('P17', 'conclusion cut before its COMMIT', at('postgres', 'before', commits(CONCLUSION), cut)),
  payout('P17', 'conclusion cut after its COMMIT', at('postgres', 'after', commits(CONCLUSION), cut)),
  payout('P17', 'settlement cut before its COMMIT', at('postgres', 'before', commits(MONEY), cut)),
  payout('P17', 'settlement cut after its COMMIT', at('postgres', 'after', commits(MONEY), cut)),
  payout(
    'P18',
    'worker killed after the write, before its job ends',
    at('postgres', 'after', commits(CONCLUSION), kill),
  ),
  payout(
    'P21',
    'a sending delayed past lock and token',
    at('provider', 'before', PAYOUT, delay(PAST_EVERYTHING_MS)),
    MANY,
  ),
  payout(
    'P22',
    'the answer comes after our deadline',
    at('provider', 'after', PAYOUT, delay(PAST_THE_DEADLINE_MS)),
    MANY,
  ),
  collection('C4', 'worker killed after prompting, before the answer', at('provider', 'after', COLLECTION, kill)),
  collection(
    'C8',
    'the webhook settles before our answer is stored',
    at('provider', 'after', COLLECTION, untilSettled),
  ),
  payout('C8', 'the same of a payout', at('provider', 'after', PAYOUT, untilSettled)),
  collection('C9', 'worker killed between good news and credit', at('postgres', 'before', commits(MONEY), kill)),
  ...FINDINGS,
  ...BURIED,
  ...TOKENS,
  ...OUTAGES,
];

/** Those that are hit together: while one process is frozen there is time for another. */
export const TOGETHER: readonly Point[] = ZOMBIES;
