// `ledger verify | balance | statement | rebuild`.
import type { Command } from 'commander';
import { rebuildActivity } from '../activity/roll-up.ts';
import { NotFound } from '../errors.ts';
import { rebuildRollUps, trialBalance } from '../ledger/balances.ts';
import { statement } from '../ledger/statement.ts';
import { verifyLedger } from '../ledger/verify.ts';
import { Wallet } from '../merchants/wallet.ts';
import { formatAmount } from '../money.ts';
import { readCount, readId } from './read.ts';
import { moment, readable, table } from './table.ts';
import { trialBalanceTable, trialBalanceView } from './trial-balance.ts';
import { verb } from './verb.ts';

export function ledger(noun: Command): void {
  const verify = noun
    .command('verify')
    .description('prove the book from its postings alone; ends with 1 if it is wrong');
  verb(verify, async (desk) => {
    const verdict = await verifyLedger(desk.db);
    const size = `${verdict.entries} entries, ${verdict.postings} postings`;
    const text = verdict.ok ? `The book is right: ${size}.` : `The book is WRONG (${size}):\n${list(verdict.problems)}`;
    return { json: verdict, text, exitCode: verdict.ok ? 0 : 1 };
  });

  const balance = noun
    .command('balance')
    .description('trial balance per currency; ends with 1 if one does not add up to zero');
  verb(balance, async (desk) => {
    const view = trialBalanceView(await trialBalance(desk.db));
    return { json: view, text: trialBalanceTable(view), exitCode: view.every((one) => one.sum === '0') ? 0 : 1 };
  });

  const rebuild = noun
    .command('rebuild')
    .description(
      'make the stored sums of the book anew from its postings, and those of the overview; needed after restoring a dump into another cluster',
    );
  verb(rebuild, async (desk) => {
    const changed = await rebuildRollUps(desk.db);
    await rebuildActivity(desk.db);
    await desk.audited(
      async () => undefined,
      () => ({ action: 'ledger.rebuild', subject: null, detail: { foreignPostings: String(changed) } }),
    );
    const verdict = await verifyLedger(desk.db);
    const right = `The sums are made anew; ${changed} postings came from another cluster. The book is right.`;
    return {
      json: { foreignPostings: String(changed), ...verdict },
      text: verdict.ok ? right : `The book is WRONG:\n${list(verdict.problems)}`,
      exitCode: verdict.ok ? 0 : 1,
    };
  });

  const page = noun
    .command('statement')
    .description("a wallet's postings with its running balance, newest first")
    .requiredOption('--wallet <id>', 'which wallet')
    .option('--limit <count>', 'how many lines', '50');
  verb<{ wallet: string; limit: string }>(page, async (desk, options) => {
    const walletId = readId('--wallet', options.wallet, 'wallet');
    const limit = readCount('--limit', options.limit, 10_000);
    const wallet = await Wallet.query(desk.db).findById(walletId);
    if (wallet === undefined) throw new NotFound(`There is no wallet ${walletId}.`);
    const lines = await statement(desk.db, { walletId, before: null, limit });
    return {
      json: lines.map((line) => ({
        at: line.at.toISOString(),
        entryId: line.entryId,
        reference: line.reference,
        kind: line.kind,
        transactionId: line.transactionId,
        account: line.account,
        amount: formatAmount(line.amountMinor),
        balance: formatAmount(line.balanceMinor),
        currency: wallet.currency,
      })),
      text: table(
        ['at', 'kind', 'transaction', 'account', `amount ${wallet.currency}`, 'balance'],
        lines.map((line) => [
          moment(line.at),
          line.kind,
          line.transactionId ?? line.reference,
          line.account,
          readable(line.amountMinor),
          readable(line.balanceMinor),
        ]),
        { right: [`amount ${wallet.currency}`, 'balance'], none: 'Nothing has moved in this wallet yet.' },
      ),
    };
  });
}

const list = (sentences: readonly string[]) => sentences.map((sentence) => `- ${sentence}`).join('\n');
