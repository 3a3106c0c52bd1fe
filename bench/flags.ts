// The benchmark's command line: what is measured, for how long and how often.
import { parseArgs } from 'node:util';

export const CONTESTANTS = ['plain', 'lean', 'batch', 'product', 'accept'] as const;
export type Contestant = (typeof CONTESTANTS)[number];

export interface Flags {
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly outstanding: number;
  readonly rounds: number;
  readonly only: readonly Contestant[];
  readonly ledger: boolean;
  readonly bulk: boolean;
  readonly console: boolean;
  /** Transactions in the console's database, and how often each page is asked for. */
  readonly rows: number;
  readonly requests: number;
  /** Folder for processor profiles of the product's processes and the statements' statistics; null: no profiling. */
  readonly profile: string | null;
}

export const USAGE = `npm run bench -- [flags]

Measures the whole product against bare skeletons of the same shape in one run, on private servers. Takes about four minutes.

  --seconds 8        measured time of each phase (acceptance and half rate take half of it)
  --warm-up 2        seconds before it that are not counted
  --outstanding 64   payouts outstanding in the closed loop
  --rounds 3         each figure is the median of so many rounds
  --only a,b         of ${CONTESTANTS.join(', ')} (accept: acceptance alone, against one bare insert)
  --ledger           measures the ledger instead: transfers through post() against one plain function
  --bulk             measures one file of 10,000 payouts instead
  --console          measures the pages of the console instead: every list, filter, order and search of every panel
  --rows 1000000     transactions in its database (a million takes about ten minutes to make, and 10 GB of disk)
  --requests 20      how often each page is asked for
  --profile <folder> writes processor profiles of the product and the time of its statements there
  --help             shows this`;

/** Reads the command line. Raises one sentence for a flag that is unknown or out of range; null: help was asked for. */
export function readFlags(args: readonly string[]): Flags | null {
  const { values } = parseArgs({
    args: [...args],
    strict: true,
    options: {
      seconds: { type: 'string', default: '8' },
      'warm-up': { type: 'string', default: '2' },
      outstanding: { type: 'string', default: '64' },
      rounds: { type: 'string', default: '3' },
      only: { type: 'string', default: CONTESTANTS.join(',') },
      ledger: { type: 'boolean', default: false },
      bulk: { type: 'boolean', default: false },
      console: { type: 'boolean', default: false },
      rows: { type: 'string', default: '1000000' },
      requests: { type: 'string', default: '20' },
      profile: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const only = values.only.split(',').map((name) => {
    const contestant = CONTESTANTS.find((known) => known === name.trim());
    if (contestant === undefined) throw new Error(`--only knows ${CONTESTANTS.join(', ')}, not "${name}".`);
    return contestant;
  });
  return {
    seconds: number('seconds', values.seconds, 0.5, 600),
    warmUpSeconds: number('warm-up', values['warm-up'], 0, 60),
    outstanding: whole('outstanding', values.outstanding, 1, 1000),
    rounds: whole('rounds', values.rounds, 1, 20),
    only,
    ledger: values.ledger,
    bulk: values.bulk,
    console: values.console,
    rows: whole('rows', values.rows, 100, 100_000_000),
    requests: whole('requests', values.requests, 1, 1000),
    profile: values.profile ?? null,
  };
}

function number(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= least && value <= most)) {
    throw new Error(`--${name} must be a number from ${least} to ${most}.`);
  }
  return value;
}

function whole(name: string, text: string, least: number, most: number): number {
  const value = number(name, text, least, most);
  if (!Number.isInteger(value)) throw new Error(`--${name} must be a whole number.`);
  return value;
}
