// The chaos command line: how many payments, for how long, by which seed.
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';

export interface SoakFlags {
  readonly payments: number;
  readonly minutes: number;
  readonly everyMs: number;
  readonly seed: string;
  /** How often each part must at least be killed. */
  readonly leastKills: number;
  /** The largest part that may end with a person: of few payments, more by chance. */
  readonly reviewShare: number;
}

export interface Flags {
  readonly soak: SoakFlags;
  readonly planOnly: boolean;
  /** How often each crash point is hit, instead of the soak. */
  readonly points: number | null;
  /** How many minutes each round of the bank test lasts, instead of the soak. */
  readonly bank: number | null;
  /** How often workers are killed with the timings of production, instead of the soak. */
  readonly recovery: number | null;
  /** How large each scene is, instead of the soak. */
  readonly scenes: number | null;
  /** For how many minutes the house is watched in peace, instead of the soak. */
  readonly leak: number | null;
  /** Of these points only, by their ids. */
  readonly only: readonly string[] | null;
}

export const USAGE = `npm run chaos -- [flags]

The random soak: the product's processes as the Procfile starts them (2 web, 3 worker), a lying provider, and a fault every few
seconds: SIGKILL of any process, of Postgres, Redis and the provider; SIGSTOP; connections cut and held; Redis emptied and rolled
back. Payments arrive all the while. A checker that shares nothing with the product reads the books twice a second. After the last
fault everything must end within 120 s. Ends with 1 when an invariant was violated or a planned fault never hit.

  --payments 10000   payments, six payouts to four collections
  --minutes 30       how long faults come
  --every 5          seconds between two faults, on average
  --seed <text>      the same seed gives the same payments and the same plan of faults (default: chosen, and printed)
  --profile short    1,000 payments in 2 minutes with a fault every 4 seconds
  --points 50        instead of the soak: each crash point of the failure model, hit so many times; those of the intake 0.4 times
                     that, zombies 0.6 times
  --only P13,P20     of these points only
  --bank             instead: clients transfer through the ledger and readers add it up, for --minutes 5, and again while Postgres
                     goes down and connections are cut
  --recovery 10      instead: how long recovery takes with the timings of production: five of six workers killed while they send,
                     so many times; then Redis and Postgres away three times each
  --scenes 10        instead: Postgres and Redis away, a release, a migration, three times capacity; so many times as large as in npm test
  --leak 30          instead: 50 payments a second in peace for so many minutes; memory, files and connections must stay as they are
  --plan             prints the plan of faults and ends
  --help             shows this`;

/** Within how long after the last fault everything must have ended. */
export const QUIET_MS = 120_000;

export const REVIEW_SHARE = 0.005;
/** A collection whose second prompt is lost too is a person's: of a thousand payments two or three, sometimes more than five. */
const REVIEW_SHARE_OF_FEW = 0.01;
const FEW = 5000;
const REVIEWS_BY_CHANCE = 5;

/** How often each part is killed in the full profile. */
const FULL_KILLS = 20;

/** Reads the command line. Raises one sentence for a flag that is unknown or out of range; null: help was asked for. */
export function readFlags(args: readonly string[]): Flags | null {
  const { values } = parseArgs({
    args: [...args],
    strict: true,
    options: {
      payments: { type: 'string' },
      minutes: { type: 'string' },
      every: { type: 'string' },
      seed: { type: 'string' },
      profile: { type: 'string', default: 'full' },
      points: { type: 'string' },
      bank: { type: 'boolean', default: false },
      recovery: { type: 'string' },
      scenes: { type: 'string' },
      leak: { type: 'string' },
      only: { type: 'string' },
      plan: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  if (values.profile !== 'full' && values.profile !== 'short') {
    throw new Error(`--profile knows full and short, not "${values.profile}".`);
  }
  const short = values.profile === 'short';
  const minutes = number('minutes', values.minutes ?? (short ? '2' : values.bank ? '5' : '30'), 0.1, 1440);
  const isFull = !short && minutes >= 30;
  const payments = Math.round(number('payments', values.payments ?? (short ? '1000' : '10000'), 1, 1_000_000));
  return {
    soak: {
      payments,
      minutes,
      everyMs: 1000 * number('every', values.every ?? (short ? '4' : '5'), 0.5, 600),
      seed: values.seed ?? randomBytes(4).toString('hex'),
      // A plan too short to go round all parts twice is held to itself only.
      leastKills: isFull ? FULL_KILLS : minutes >= 2 ? 1 : 0,
      reviewShare: payments < FEW ? Math.max(REVIEW_SHARE_OF_FEW, REVIEWS_BY_CHANCE / payments) : REVIEW_SHARE,
    },
    planOnly: values.plan,
    points: values.points === undefined ? null : Math.round(number('points', values.points, 1, 1000)),
    bank: values.bank ? minutes : null,
    scenes: values.scenes === undefined ? null : Math.round(number('scenes', values.scenes, 1, 1000)),
    leak: values.leak === undefined ? null : number('leak', values.leak, 0.2, 1440),
    recovery: values.recovery === undefined ? null : Math.round(number('recovery', values.recovery, 1, 1000)),
    only: values.only?.split(',') ?? null,
  };
}

function number(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= least && value <= most)) {
    throw new Error(`--${name} must be a number from ${least} to ${most}.`);
  }
  return value;
}
