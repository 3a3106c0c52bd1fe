// `cases resolve`: shows exactly what a decision would post, asks, and writes it.
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { flows } from '../../workers/webhook.ts';
import { StaleState } from '../errors.ts';
import type { NewEntry } from '../ledger/journal.ts';
import { formatAmount } from '../money.ts';
import { Case } from '../transactions/case.ts';
import { DECISION_NAMES, DECISIONS } from '../transactions/decisions.ts';
import { viewCase } from '../transactions/dossier.ts';
import { type Proposal, propose } from '../transactions/propose.ts';
import { outlineOf, resolve } from '../transactions/resolve.ts';
import { readId, readOperator, readReason, readWord } from './read.ts';
import { facts, readable, table } from './table.ts';
import { type Desk, type Told, verb } from './verb.ts';

interface Options {
  readonly [name: string]: string | boolean | undefined;
  readonly as: string;
  readonly reason: string;
  readonly by?: string;
  readonly wallet?: string;
  readonly againstTheProvider?: boolean;
  readonly yes?: boolean;
}

const WORDS = DECISION_NAMES.map((name) => `  ${name.padEnd(14)}${DECISIONS[name]}`).join('\n');

export function resolveCase(noun: Command): void {
  const command = noun
    .command('resolve')
    .description('answer a case: shows what will be posted, and asks before it does')
    .argument('<case>', 'ca…, as `cases list` shows it')
    .requiredOption('--as <decision>', 'one of those below; `cases show` says which fit')
    .requiredOption('--reason <text>', 'why, for somebody who was not there')
    .option('--by <operator>', 'who decides, when that is not who types')
    .option('--wallet <id>', 'whose the money is, for credited and charged')
    .option('--against-the-provider', "the provider's own word is known, and wrong")
    .option('--yes', 'do not ask')
    .addHelpText('after', `\nDecisions:\n${WORDS}`);
  verb<Options>(command, async (desk, options) => {
    const caseId = readId('<case>', command.args[0] ?? '', 'case');
    const reason = readReason(options.reason);
    const typed = desk.actor.actor.replace(/^cli:/, '');
    const by = options.by === undefined ? typed : readOperator('--by', options.by);
    const walletId = options.wallet === undefined ? {} : { walletId: readId('--wallet', options.wallet, 'wallet') };
    const question = {
      caseId,
      decision: readWord('--as', options.as, DECISION_NAMES),
      actor: `operator:${by}`,
      ...walletId,
    };
    const ctx = await desk.everything();
    try {
      let proposal = await propose(ctx, flows, question);
      if (options.yes !== true) {
        process.stderr.write(`${preview(proposal)}\n`);
        if (!(await agreed())) return refused();
        // Whoever reads takes time: the provider and the row are asked again, and nothing else than what was shown is written.
        const again = await propose(ctx, flows, question);
        if (outlineOf(again) !== outlineOf(proposal))
          throw new StaleState('It has changed while it was shown: look again.');
        proposal = again;
      }
      const posted = await resolve(ctx, proposal, {
        reason,
        againstTheProvider: options.againstTheProvider === true,
        clientAddress: null,
        via: desk.actor.actor,
      });
      return await told(desk, proposal, posted);
    } catch (error) {
      if (!(error instanceof StaleState)) throw error;
      return await late(desk, caseId, error);
    }
  });
}

/** Reads one line; anything but yes is a no, and so is the end of the input. */
async function agreed(): Promise<boolean> {
  const lines = createInterface({ input: process.stdin });
  process.stderr.write('Write this? Type yes: ');
  try {
    for await (const line of lines) return line.trim().toLowerCase() === 'yes';
    return false;
  } finally {
    lines.close();
  }
}

function refused(): Told {
  return { json: { resolved: false }, text: 'Nothing was written. Add --yes where nobody can be asked.', exitCode: 1 };
}

const view = (entries: readonly NewEntry[]) =>
  entries.map(({ reference, currency, postings }) => ({
    reference,
    currency,
    postings: postings.map(([account, minor]) => ({ account, amount: formatAmount(minor) })),
  }));

function lines(entries: readonly NewEntry[]): string {
  return table(
    ['entry', 'account', 'amount'],
    entries.flatMap((one) =>
      one.postings.map(([account, minor], at) => [at === 0 ? one.reference : '', account, readable(minor)]),
    ),
    { right: ['amount'], none: 'Nothing will be posted.' },
  );
}

function preview(proposal: Proposal): string {
  const { case: of, question, said, against, from, to, entries, opens } = proposal;
  const { evidence, ...rest } = viewCase(of);
  const { id, kind, subject, owner, age, amount, currency } = rest;
  const state = from === null ? '–' : from === to ? from : `${from} → ${to}`;
  return [
    facts(Object.entries({ case: id, kind, subject, owner, age, amount, currency })),
    `evidence  ${JSON.stringify(evidence)}`,
    '',
    facts([
      ['decision', `${question.decision}: ${DECISIONS[question.decision]}`],
      ['by', question.actor],
      ['the provider', said ?? 'has no say'],
      ...(against === null ? [] : [['AGAINST', against] as const]),
      ['state', state],
      ['opens', opens.length === 0 ? 'no case' : opens.map((one) => one.kind).join(', ')],
    ]),
    '',
    lines(entries),
  ].join('\n');
}

async function told(desk: Desk, proposal: Proposal, posted: readonly NewEntry[]): Promise<Told> {
  const now = await Case.query(desk.db).findById(proposal.case.id);
  const { to, transaction } = proposal;
  return {
    json: {
      resolved: true,
      case: now === undefined ? null : viewCase(now),
      transactionId: transaction?.id ?? null,
      status: to,
      provider: proposal.said,
      entries: view(posted),
    },
    text: `Resolved: ${now?.resolution ?? ''}${transaction === null ? '' : ` (${transaction.id} is ${to})`}\n${lines(posted)}`,
  };
}

/** Another was first: what is the case now, and 1. */
async function late(desk: Desk, caseId: string, error: StaleState): Promise<Told> {
  const now = await Case.query(desk.db).findById(caseId);
  return {
    json: { resolved: false, code: error.code, message: error.message, case: now === undefined ? null : viewCase(now) },
    text: error.message,
    exitCode: 1,
  };
}
