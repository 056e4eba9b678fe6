import type { InputReader } from '@delivery/core/action/inputs';
import { dataNameForm, parseDataName } from '@delivery/core/domain/data-directory';
import { quoted } from '@delivery/core/domain/delivery/found';
import { suggest } from '@delivery/core/domain/delivery/nearest';
import { readJsonObject, shownJson } from '@delivery/core/domain/json-object';
import type { RequestId } from '@delivery/core/domain/request-id';
import { parseRequestId, requestIdForm } from '@delivery/core/domain/request-id';

/** What a call may say; all of it may be left out. */
export interface DataCall {
  readonly dataOrigin: string | undefined;
  readonly requestId: RequestId | undefined;
  readonly force: boolean;
}

const maxBytes = 4 * 1024;
/** More problems than these help nobody. */
const shownProblems = 10;

const keys = ['data-origin', 'request-id', 'force'] as const;
type Key = (typeof keys)[number];

const expected: Readonly<Record<Key, string>> = {
  'data-origin': dataNameForm,
  'request-id': requestIdForm,
  force: 'true or false',
};

const isRight: Readonly<Record<Key, (value: unknown) => boolean>> = {
  'data-origin': (value) => typeof value === 'string' && parseDataName(value) !== undefined,
  'request-id': (value) => typeof value === 'string' && parseRequestId(value) !== undefined,
  force: (value) => typeof value === 'boolean',
};

/** The JSON text of a repository_dispatch's client_payload; empty: there was no call. Anybody who may dispatch wrote it. */
export const payload: InputReader<DataCall | undefined> = {
  secret: false,
  read(text) {
    if (text === '') return { value: undefined };
    // What GitHub gives for a call without a payload.
    const read = readJsonObject(text === 'null' ? '{}' : text, maxBytes);
    if ('problem' in read) return read;
    const { entries } = read;
    const problems = [...entries].flatMap(([key, value]) => problemOf(key, value) ?? []);
    if (problems.length > 0) return { problem: together(problems) };
    return {
      value: {
        dataOrigin: entries.get('data-origin') as string | undefined,
        requestId: entries.get('request-id') as string | undefined,
        force: entries.get('force') === true,
      },
    };
  },
};

function problemOf(given: string, value: unknown): string | undefined {
  const key = keys.find((one) => one === given);
  if (key === undefined) return `${quoted(given)} is not a key of it${suggest(given, keys)}`;
  return isRight[key](value) ? undefined : `${quoted(key)} is ${shownJson(value)}, which is not ${expected[key]}`;
}

function together(problems: readonly string[]): string {
  const left = problems.length - shownProblems;
  return [...problems.slice(0, shownProblems), ...(left > 0 ? [`and ${left} more`] : [])].join('; ');
}
