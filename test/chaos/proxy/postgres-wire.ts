// Postgres' wire protocol as flights: everything a client sends up to one Sync (or one simple query), and the answer to it.
import type { Answered, Asked, Reader } from './wire.ts';

export interface Flight {
  /**
   * Names of the prepared statements it executes, each with its parameters that are not null, such as `write_steps($1,$3)`; the text
   * of those without a name, and of simple queries.
   */
  readonly statements: readonly string[];
  /** What this flight makes durable: at a COMMIT everything its database transaction ran, otherwise what commits by itself. */
  readonly commits: readonly string[];
  /** The payments its parameters name; at a COMMIT those of the whole database transaction. */
  readonly ids: readonly string[];
}

const ERROR = 'E'.charCodeAt(0);
const PAYMENT = /\b(?:po|co)[0-9A-Z]{26}\b/g;

const SSL_REQUEST = 80877103;
const BEGINS = /^\s*(BEGIN|START TRANSACTION)\b/i;
const COMMITS = /^\s*(COMMIT|END)\b/i;
const ROLLS_BACK = /^\s*ROLLBACK\s*;?\s*$/i;

export function readPostgres(): Reader<Flight> {
  let fromClient = Buffer.alloc(0);
  let fromServer = Buffer.alloc(0);
  let greeted = false;
  let ready = false;
  let sslByte = false;
  let pending: Buffer[] = [];
  let statements: string[] = [];
  const texts = new Map<string, string>();
  /** What the open database transaction has run; null outside of one. */
  let transaction: string[] | null = null;
  /** The payments it has named. */
  let inTransaction: string[] = [];
  let unanswered = 0;
  let answer: Buffer[] = [];

  function flight(bytes: Buffer): Asked<Flight> {
    const [only = ''] = statements;
    let commits: readonly string[] = [];
    let committing: readonly string[] | null = null;
    if (statements.length === 1 && BEGINS.test(only)) transaction = [];
    else if (statements.length === 1 && COMMITS.test(only)) {
      commits = transaction ?? [];
      committing = inTransaction;
      transaction = null;
    } else if (statements.length === 1 && ROLLS_BACK.test(only)) transaction = null;
    else if (transaction !== null) transaction.push(...statements);
    else commits = statements;
    const named = [...new Set(bytes.toString('latin1').match(PAYMENT))];
    if (transaction === null) inTransaction = [];
    else inTransaction.push(...named);
    const ids = committing ?? named;
    const exchange = { statements, commits, ids };
    statements = [];
    pending = [];
    unanswered += 1;
    return { bytes, exchange };
  }

  function take(type: string, message: Buffer): Asked<Flight> | null {
    pending.push(message);
    const body = message.subarray(5);
    switch (type) {
      case 'P': {
        const [name, text] = strings(body, 2);
        texts.set(name ?? '', text ?? '');
        return null;
      }
      case 'B': {
        const name = strings(body, 2)[1] ?? '';
        statements.push(name === '' ? (texts.get('') ?? '') : `${name}(${given(body)})`);
        return null;
      }
      case 'Q':
        statements.push(strings(body, 1)[0] ?? '');
        return flight(Buffer.concat(pending));
      case 'S':
        return flight(Buffer.concat(pending));
      default: {
        if (ready && type !== 'X') return null;
        const bytes = Buffer.concat(pending);
        pending = [];
        return { bytes, exchange: null };
      }
    }
  }

  return {
    asked(chunk) {
      fromClient = Buffer.concat([fromClient, chunk]);
      const found: Asked<Flight>[] = [];
      for (;;) {
        if (!greeted) {
          if (fromClient.length < 8 || fromClient.length < fromClient.readInt32BE(0)) return found;
          const length = fromClient.readInt32BE(0);
          if (fromClient.readInt32BE(4) === SSL_REQUEST) sslByte = true;
          else greeted = true;
          found.push({ bytes: fromClient.subarray(0, length), exchange: null });
          fromClient = fromClient.subarray(length);
          continue;
        }
        if (fromClient.length < 5 || fromClient.length < 1 + fromClient.readInt32BE(1)) return found;
        const message = fromClient.subarray(0, 1 + fromClient.readInt32BE(1));
        fromClient = fromClient.subarray(message.length);
        const asked = take(String.fromCharCode(message[0] ?? 0), message);
        if (asked !== null) found.push(asked);
      }
    },

    // Whole answers only: of a flight whose answer is withheld the client shall not see a first half.
    answered(chunk) {
      fromServer = Buffer.concat([fromServer, chunk]);
      const found: Answered[] = [];
      if (sslByte && fromServer.length > 0) {
        found.push({ bytes: fromServer.subarray(0, 1), completes: false });
        fromServer = fromServer.subarray(1);
        sslByte = false;
      }
      while (fromServer.length >= 5 && fromServer.length >= 1 + fromServer.readInt32BE(1)) {
        const message = fromServer.subarray(0, 1 + fromServer.readInt32BE(1));
        fromServer = fromServer.subarray(message.length);
        const isReady = message[0] === 'Z'.charCodeAt(0);
        if (!ready || unanswered === 0) {
          ready = ready || isReady;
          found.push({ bytes: message, completes: false });
          continue;
        }
        answer.push(message);
        if (!isReady) continue;
        unanswered -= 1;
        found.push({ bytes: Buffer.concat(answer), completes: true });
        answer = [];
      }
      return found;
    },
  };
}

/** The payments that a flight wrote about in vain: another had moved them on, says the answer of the database itself. */
export function refusedOf(flight: Flight, answer: Buffer): readonly string[] {
  if (!flight.statements.some((one) => one.startsWith('write_steps'))) return [];
  const said = answer.toString('latin1');
  return isError(answer) ? [] : flight.ids.filter((id) => !said.includes(id));
}

function isError(answer: Buffer): boolean {
  for (let at = 0; at + 5 <= answer.length; at += 1 + answer.readInt32BE(at + 1)) if (answer[at] === ERROR) return true;
  return false;
}

/** The parameters of a Bind message that are not null: `$1,$3`. */
function given(bind: Buffer): string {
  const [portal = '', name = ''] = strings(bind, 2);
  let at = Buffer.byteLength(portal) + Buffer.byteLength(name) + 2;
  at += 2 + 2 * bind.readInt16BE(at);
  const count = bind.readInt16BE(at);
  at += 2;
  const found: string[] = [];
  for (let n = 1; n <= count; n += 1) {
    const length = bind.readInt32BE(at);
    if (length >= 0) found.push(`$${n}`);
    at += 4 + Math.max(0, length);
  }
  return found.join(',');
}

/** The zero-terminated strings a message begins with. */
function strings(body: Buffer, count: number): string[] {
  const found: string[] = [];
  let at = 0;
  for (let n = 0; n < count; n += 1) {
    const end = body.indexOf(0, at);
    found.push(body.toString('utf8', at, end));
    at = end + 1;
  }
  return found;
}
