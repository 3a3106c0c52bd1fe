// What went wrong, as one sentence for whoever typed the command, and the exit code that scripts act on.
import { CommanderError } from 'commander';
import { ConfigurationError } from '../config.ts';
import { isConnectionLoss } from '../db/knex.ts';
import { Conflict, InvalidRequest, NotFound, PaymentsError, StaleState } from '../errors.ts';

export interface Complaint {
  readonly sentence: string;
  readonly code: string;
  /** The option that is wrong, as it is typed; null when it is none of them. */
  readonly option: string | null;
  /** 2: the command was wrong and nothing was done. 1: it was right, and it did not work. */
  readonly exitCode: 1 | 2;
}

/** Fields of domain functions whose option is not simply their name with dashes. */
const OPTIONS = new Map([
  ['allowedAddresses', '--allow'],
  ['expiresAt', '--expires'],
  ['flatMinor', '--flat'],
  ['minimumMinor', '--minimum'],
  ['maximumMinor', '--maximum'],
  ['ceilingMinor', '--ceiling'],
]);

export function explain(error: unknown): Complaint {
  if (error instanceof CommanderError) return ofCommander(error);
  if (error instanceof InvalidRequest) {
    const [first] = error.errors;
    const option = first === undefined ? null : optionOf(first.field);
    const text = first?.message ?? error.message;
    return {
      sentence: option === null ? text : `${option}: ${text}`,
      code: first?.code ?? error.code,
      option,
      exitCode: 2,
    };
  }
  if (error instanceof NotFound || error instanceof Conflict || error instanceof StaleState) {
    return { sentence: error.message, code: error.code, option: null, exitCode: 2 };
  }
  if (error instanceof PaymentsError) return { sentence: error.message, code: error.code, option: null, exitCode: 1 };
  if (error instanceof ConfigurationError) {
    return { sentence: error.message, code: 'not_configured', option: null, exitCode: 1 };
  }
  return { sentence: ofMachine(error), code: 'failed', option: null, exitCode: 1 };
}

function optionOf(field: string): string {
  if (field.startsWith('--') || field.startsWith('<')) return field;
  return OPTIONS.get(field) ?? `--${field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function ofCommander(error: CommanderError): Complaint {
  // `cli merchants` alone: commander has no sentence for it, since its help would be the answer.
  if (error.code === 'commander.help') {
    return { sentence: 'Say what to do: add --help for what there is.', code: 'no_verb', option: null, exitCode: 2 };
  }
  const text = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
  const option = /--[a-z0-9-]+/.exec(text)?.[0] ?? null;
  const sentence = `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.?)]$/.test(text) ? '' : '.'}`;
  return { sentence, code: error.code.replace('commander.', ''), option, exitCode: 2 };
}

function ofMachine(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  if (isConnectionLoss(error)) return `The database does not answer (${message || code}).`;
  if (code === '42P01' || code === '22023') return 'The database is not prepared: run `npm run migrate` first.';
  if (error instanceof Error) return `It did not work: ${error.message}`;
  return 'It did not work.';
}
