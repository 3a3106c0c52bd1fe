// The API's description as a stranger's tool reads it: its operations, and Ajv to hold values against its schemas.

import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

export interface Media {
  readonly schema?: { readonly $ref?: string };
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}
export interface DescribedAnswer {
  readonly content: Readonly<Record<string, Media>>;
}
interface Parameter {
  readonly in: string;
  readonly name: string;
  readonly required?: boolean;
  readonly schema: { readonly examples?: readonly unknown[] };
}
export interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, DescribedAnswer | { readonly $ref: string }>>;
}
export interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export interface DescribedOperation extends Operation {
  readonly method: string;
  readonly path: string;
  /** Its place in the document, as a JSON pointer. */
  readonly at: string;
}

const escaped = (part: string) => part.replaceAll('~', '~0').replaceAll('/', '~1');
export const pointer = (...parts: readonly string[]) => parts.map((part) => `/${escaped(part)}`).join('');

export function operationsOf(document: Description): readonly DescribedOperation[] {
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      ...operation,
      method: method.toUpperCase(),
      path,
      at: pointer('paths', path, method),
    })),
  );
}

/** The answer documented for a status, and where it stands; references are followed. Null: not documented. */
export function answerOf(
  document: Description,
  operation: DescribedOperation,
  status: string,
): { answer: DescribedAnswer; at: string } | null {
  const found = operation.responses[status];
  if (found === undefined) return null;
  if (!('$ref' in found)) return { answer: found, at: operation.at + pointer('responses', status) };
  const name = found.$ref.replace('#/components/responses/', '');
  const answer = document.components['responses']?.[name] as DescribedAnswer;
  return { answer, at: pointer('components', 'responses', name) };
}

/** Says what is wrong with a value by the schema that stands at `at` in the document; empty: nothing. */
export function validator(document: Description): (at: string, value: unknown) => readonly string[] {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema(document, 'api', undefined, false);
  return (at, value) => {
    const holds = ajv.getSchema(`api#${at}`);
    if (holds === undefined) return [`there is no schema at ${at}`];
    return holds(value) ? [] : (holds.errors ?? []).map((error) => `${error.instancePath || '/'} ${error.message}`);
  };
}
