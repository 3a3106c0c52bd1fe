// Opens the wallets that a new book starts with.
import { parseWireDecimal } from '../money.ts';
import type { Book } from './book.ts';

/** Opens every wallet of `balances` (major units) that the book does not have yet. Raises TypeError for what is no amount. */
export function openWallets(book: Book, balances: Readonly<Record<string, string>>): void {
  for (const [currency, balance] of Object.entries(balances)) {
    const minor = parseWireDecimal(balance);
    if (minor === null)
      throw new TypeError(`the opening balance of ${currency} must be a decimal text, not ${balance}`);
    if (!book.wallets.has(currency)) book.setBalance(currency, minor, 'opening');
  }
}
