// The provider's words are kept as reasons and evidence; what they repeat of a person is not: that lies sealed elsewhere.
import type { Context } from '../context.ts';
import { openPerson } from '../merchants/person.ts';
import type { LookUpEnding, SubmitEnding } from '../provider/provider.ts';
import type { Prepared } from './flow.ts';
import type { Loaded } from './transaction.ts';

const LEAST_LENGTH = 3;
const LONG_NUMBER = /\+?\d(?:[ -]?\d){5,}/g;
const EMAIL = /[\w.+-]+@[\w.-]*\w/g;

/** The text with every long number and e-mail address replaced by an ellipsis. */
export function withoutNumbers(text: string): string {
  return text.replaceAll(EMAIL, '…').replaceAll(LONG_NUMBER, '…');
}

/** The same without every word we hold about the person; of one who was erased we cannot tell, so nothing of it is kept. */
export function withoutPerson(ctx: Context, { sealed }: Pick<Loaded, 'sealed'>, text: string): string {
  if (text === '') return text;
  if (sealed === null) return '…';
  const { customer, bankCode: _, bankName: __, ...recipient } = openPerson(ctx.vault, sealed) ?? {};
  const own = [...Object.values(recipient), ...Object.values(customer ?? {})]
    .flatMap((value) => [value, ...value.split(/\s+/)])
    .filter((word) => word.length >= LEAST_LENGTH)
    .toSorted((a, b) => b.length - a.length);
  return own.reduce((rest, word) => rest.replaceAll(new RegExp(RegExp.escape(word), 'gi'), '…'), withoutNumbers(text));
}

export function discreetEnding(ctx: Context, loaded: Loaded, ending: SubmitEnding): SubmitEnding {
  return ending.kind === 'accepted' ? ending : { ...ending, message: withoutPerson(ctx, loaded, ending.message) };
}

export function discreetPrepared(ctx: Context, loaded: Loaded, prepared: Prepared): Prepared {
  return prepared.kind === 'ready' ? prepared : { ...prepared, message: withoutPerson(ctx, loaded, prepared.message) };
}

export function discreetAnswer(ctx: Context, loaded: Loaded, answer: LookUpEnding): LookUpEnding {
  switch (answer.kind) {
    case 'found': {
      const { reason } = answer.transaction;
      if (reason === null) return answer;
      return { ...answer, transaction: { ...answer.transaction, reason: withoutPerson(ctx, loaded, reason) } };
    }
    case 'unavailable':
      return { ...answer, message: withoutPerson(ctx, loaded, answer.message) };
    case 'not_found':
      return answer;
  }
}
