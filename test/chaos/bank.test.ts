// The ledger under many hands: what readers add up is the same in every snapshot, also while Postgres goes down and connections break.
import { describe, expect, it } from 'vitest';
import { type BankResult, bank } from './bank/bank.ts';

/** How many times as much; `npm run chaos -- --bank` goes by minutes instead. */
const TIMES = Number(process.env['BANK_TIMES'] ?? 1);
const PATIENCE_MS = 60_000 * TIMES;
/** Of the sentences about what is wrong; the others say the same of other wallets. */
const FEW = 5;
const CHECKS = { checkEveryMs: 500 };

const figures = (result: BankResult) => JSON.stringify({ ...result, problems: result.problems.length });

describe('a bank of wallets in two currencies', () => {
  const BANK = { currencies: ['UGX', 'KES'], walletsEach: 10, clients: 16, readers: 4, ...CHECKS };

  it(
    'adds up in every snapshot while everybody transfers',
    async () => {
      const enough = 500 * TIMES;
      const result = await bank({ ...BANK, pace: { isOver: ({ transfers }) => transfers >= enough } });
      expect(result.problems.slice(0, FEW), figures(result)).toEqual([]);
      expect(result.reads).toBeGreaterThan(20);
      expect(result.refused, 'the guard was asked').toBeGreaterThan(0);
    },
    PATIENCE_MS,
  );

  it(
    'keeps every transfer it acknowledged when Postgres ends without a word and connections are cut',
    async () => {
      const each = 120 * TIMES;
      const result = await bank({
        ...BANK,
        pace: {
          isOver: ({ transfers, faults }) => transfers >= 5 * each && faults >= 4,
          isFaultDue: ({ transfers, faults }) => faults < 4 && transfers >= each * (faults + 1),
        },
      });
      expect(result.problems.slice(0, FEW), figures(result)).toEqual([]);
      expect(result).toMatchObject({ restarts: 2, cuts: 2 });
      expect(result.unheard, 'transfers were cut off').toBeGreaterThan(0);
    },
    PATIENCE_MS,
  );
});

describe('two wallets with everybody between them', () => {
  it(
    'never deadlock, whichever of the two a transfer takes from',
    async () => {
      const enough = 400 * TIMES;
      const result = await bank({
        currencies: ['UGX'],
        walletsEach: 2,
        clients: 32,
        readers: 1,
        ...CHECKS,
        pace: { isOver: ({ transfers }) => transfers >= enough },
      });
      expect(result.problems.slice(0, FEW), figures(result)).toEqual([]);
      expect(result.deadlocks).toBe(0);
    },
    PATIENCE_MS,
  );
});
