// What needs a person now, most urgent first: said in a sentence, with how long it has waited and where to look.
import { IN_VAIN } from '../../activity/now.ts';
import { CASES } from '../panels/meaning.ts';
import type { Permission } from '../permissions.ts';
import type { Now } from './figures.ts';
import { grouped } from './summary.ts';

export interface Attention {
  readonly tone: 'bad' | 'warn';
  readonly count: number | null;
  /** There are more than were counted. */
  readonly isMore?: boolean;
  /** Goes on after the count. */
  readonly sentence: string;
  readonly since: Date | null;
  /** A list of the console, with its filter; `queues` for the board; null where there is nothing to see. */
  readonly list: { readonly path: string; readonly query: Readonly<Record<string, string>> } | null;
  readonly permission?: Permission;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** What is due is rung within a second or two. Later than this it is worth knowing; while nothing moves at all it is an alarm. */
const LATE_MS = 2 * MINUTE_MS;
const BACKLOG_MS = 10 * MINUTE_MS;

const ms = (since: Date | null, now: Date) => (since === null ? 0 : now.getTime() - since.getTime());

export function attentionOf(now: Now): readonly Attention[] {
  const all = [...stopped(now), ...queues(now), ...cases(now), ...waiting(now), ...telling(now), ...people(now)];
  return all.toSorted((a, b) => Number(b.tone === 'bad') - Number(a.tone === 'bad'));
}

function stopped(now: Now): readonly Attention[] {
  const { recoverySince, providerProblem } = now;
  return [
    ...(recoverySince === null
      ? []
      : [
          {
            ...alarm('Nothing is sent: a recovery is open. Run it, answer its cases, then finish it.', recoverySince),
            list: { path: 'recoveries', query: {} },
          },
        ]),
    ...(providerProblem === null ? [] : [alarm(`The provider cannot be reached as configured: ${providerProblem}`)]),
  ];
}

const alarm = (sentence: string, since: Date | null = null): Attention => ({
  tone: 'bad',
  count: null,
  sentence,
  since,
  list: null,
});

function queues(now: Now): readonly Attention[] {
  return now.queues.flatMap(({ queue, due, isMore, oldestDueAt }) => {
    const age = ms(oldestDueAt, now.at);
    const standsStill = age > LATE_MS && ms(now.lastMoveAt, now.at) > LATE_MS;
    if (!standsStill && age <= BACKLOG_MS) return [];
    const sentence = standsStill
      ? `due in the queue ${queue}, and no payment has moved for minutes. Look whether a worker runs.`
      : `due in the queue ${queue}, and the oldest has waited long. Work goes on.`;
    const tone = standsStill ? 'bad' : 'warn';
    return [{ tone, count: due, isMore, sentence, since: oldestDueAt, list: { path: 'queues', query: {} } } as const];
  });
}

function cases(now: Now): readonly Attention[] {
  return now.cases.map(({ kind, count, since }) => ({
    tone: ms(since, now.at) > DAY_MS ? 'bad' : 'warn',
    count,
    sentence: `${count === 1 ? 'case' : 'cases'} “${kind.replaceAll('_', ' ')}”: ${CASES[kind].question}.`,
    since,
    list: { path: 'cases', query: { status: 'open', kind } },
  }));
}

function waiting(now: Now): readonly Attention[] {
  const { awaiting, proposed, inVain } = now;
  return [
    ...(proposed === null
      ? []
      : [
          {
            tone: 'warn',
            count: proposed.count,
            sentence: `${proposed.count === 1 ? 'proposal waits' : 'proposals wait'} for a second person.`,
            since: proposed.since,
            list: { path: 'proposals', query: { status: 'open' } },
          } as const,
        ]),
    ...(awaiting === null
      ? []
      : [
          {
            tone: 'warn',
            count: awaiting.count,
            sentence: `${awaiting.count === 1 ? 'payout waits' : 'payouts wait'} for approval.`,
            since: awaiting.since,
            list: { path: 'transactions', query: { status: 'awaiting_approval' } },
          } as const,
        ]),
    ...inVain.map(
      ({ currency, count, since }) =>
        ({
          tone: 'warn',
          count,
          sentence: `${count === 1 ? 'payment' : 'payments'} in ${currency} tried ${IN_VAIN} times or more in vain: the provider is away, or its ${currency} wallet is short.`,
          since,
          list: { path: 'transactions', query: { sending: 'in_vain', currency } },
        }) as const,
    ),
  ];
}

function telling({ endpoints }: Now): readonly Attention[] {
  const { dead, deadSince, failing, failingSince } = endpoints;
  return [
    ...(dead === 0
      ? []
      : [
          {
            tone: 'warn',
            count: dead,
            sentence: `${dead === 1 ? 'endpoint is' : 'endpoints are'} switched off, because nothing arrived there. Tell the merchant.`,
            since: deadSince,
            list: { path: 'endpoints', query: { status: 'disabled', reason: 'ours' } },
          } as const,
        ]),
    ...(failing === 0
      ? []
      : [
          {
            tone: 'warn',
            count: failing,
            sentence: `${failing === 1 ? 'endpoint takes' : 'endpoints take'} no events at present. They are tried again by themselves.`,
            since: failingSince,
            list: { path: 'endpoints', query: { status: 'failing' } },
          } as const,
        ]),
  ];
}

function people({ peopleWithoutSecondFactor: count }: Now): readonly Attention[] {
  if (count === 0) return [];
  const sentence = `${count === 1 ? 'person enters' : 'people enter'} the console with a password alone.`;
  const list = { path: 'administrators', query: { factor: 'none' } };
  return [{ tone: 'warn', count, sentence, since: null, list, permission: 'administrators.look' }];
}

/** `< 1 min`, `4 min`, `3 h`, `2 days`: how long ago, by the largest unit. */
export function ageOf(since: Date, now: Date): string {
  const minutes = Math.max(0, Math.floor(ms(since, now) / MINUTE_MS));
  if (minutes < 1) return '< 1 min';
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${grouped(Math.floor(hours / 24))} days`;
}
