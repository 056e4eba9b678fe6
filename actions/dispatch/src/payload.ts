import type { InputReader } from '@delivery/core/action/inputs';
import { foundInsteadOf, quoted } from '@delivery/core/domain/delivery/found';
import { readJsonObject, shownJson } from '@delivery/core/domain/json-object';
import { parseRequestId, requestIdForm } from '@delivery/core/domain/request-id';
import type { Problem } from '@delivery/core/errors/errors';

// docs.github.com: repository_dispatch takes less than 64 KB and ten keys on the outside, workflow_dispatch 25 inputs.
const maxBytes = 65_535;
const maxKeys = 10;
const maxInputs = 25;
/** What the id of this run adds to a payload that has none. */
const idBytes = 96;

export const requestIdKey = 'request-id';

export type Payload = ReadonlyMap<string, unknown>;

export const payload: InputReader<Payload> = {
  secret: false,
  read(text) {
    if (text === '') return { value: new Map() };
    const read = readJsonObject(text, maxBytes);
    return 'problem' in read ? read : { value: read.entries };
  },
};

/** What is wrong with a payload for this kind of call. */
export function payloadProblems(given: Payload, forWorkflow: boolean): readonly Problem[] {
  const own = given.get(requestIdKey);
  const messages = forWorkflow ? inputProblems(given) : sizeProblems(given);
  if (given.has(requestIdKey) && (typeof own !== 'string' || parseRequestId(own) === undefined))
    messages.push(`${quoted(requestIdKey)}: ${foundInsteadOf(own, requestIdForm)}`);
  return messages.map((message) => ({ field: 'payload', message }));
}

function inputProblems(given: Payload): string[] {
  const count = given.size > maxInputs ? [`has ${given.size} inputs: give at most ${maxInputs}`] : [];
  const wrong = [...given].filter(([, value]) => typeof value !== 'string').slice(0, maxInputs);
  return [
    ...count,
    ...wrong.map(([key, value]) => `${quoted(key)} is ${shownJson(value)}, but inputs of a workflow are texts`),
  ];
}

function sizeProblems(given: Payload): string[] {
  const added = given.has(requestIdKey) ? 0 : 1;
  const room = added === 0 ? '' : ', because request-id is added';
  const bytes = new TextEncoder().encode(JSON.stringify(Object.fromEntries(given))).length;
  const messages: string[] = [];
  if (given.size > maxKeys - added)
    messages.push(`has ${given.size} keys on the outside: give at most ${maxKeys - added}${room}`);
  if (bytes > maxBytes - added * idBytes)
    messages.push(`is ${bytes} bytes long: give at most ${maxBytes - added * idBytes}${room}`);
  return messages;
}
