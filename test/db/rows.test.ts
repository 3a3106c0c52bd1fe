// The row classes: each reads a table that exists, by the key that the table has.
import type { ModelClass } from 'objection';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Administrator } from '../../src/admin/administrator.ts';
import { AuditRow } from '../../src/audit/audit.ts';
import type { BaseModel } from '../../src/db/base-model.ts';
import { Earning } from '../../src/earnings/earning.ts';
import { JournalEntry, Posting } from '../../src/ledger/journal.ts';
import { LedgerAccount } from '../../src/ledger/ledger-account.ts';
import { ApiKey } from '../../src/merchants/api-key.ts';
import { ApprovalLimit } from '../../src/merchants/approval-limit.ts';
import { Beneficiary } from '../../src/merchants/beneficiary.ts';
import { Merchant } from '../../src/merchants/merchant.ts';
import { Wallet } from '../../src/merchants/wallet.ts';
import { DeliveryAttempt } from '../../src/notifications/delivery.ts';
import { Endpoint } from '../../src/notifications/endpoint.ts';
import { FeeSchedule } from '../../src/pricing/fee-schedule.ts';
import { Attempt } from '../../src/transactions/attempt.ts';
import { Case } from '../../src/transactions/case.ts';
import { Transaction } from '../../src/transactions/transaction.ts';
import { WebhookEvent } from '../../src/webhooks/webhook-event.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

const ROWS: readonly ModelClass<BaseModel>[] = [
  Administrator,
  ApiKey,
  ApprovalLimit,
  Attempt,
  AuditRow,
  Beneficiary,
  Case,
  DeliveryAttempt,
  Earning,
  Endpoint,
  FeeSchedule,
  JournalEntry,
  LedgerAccount,
  Merchant,
  Posting,
  Transaction,
  Wallet,
  WebhookEvent,
];

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.close());

test.each(ROWS.map((row) => [row.tableName, row] as const))(
  '%s are read by the application, by their key',
  async (table, row) => {
    await row.query(database.db).limit(1);
    const { rows } = await database.db.raw(
      `SELECT a.attname AS name FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)
     WHERE i.indrelid = ?::regclass AND i.indisprimary ORDER BY array_position(i.indkey, a.attnum)`,
      [table],
    );
    expect(rows.map(({ name }: { name: string }) => name)).toEqual([row.idColumn].flat());
  },
);
