import { ActionError, CancelledError, CommandError, InputError } from '@delivery/core/errors/errors';
import { DatabaseError } from '../src/database.ts';
import { describeFailure, Fault } from '../src/faults.ts';

const systemError = (code: string) => Object.assign(new Error(`${code}: no`), { code });

test.each([
  [new Fault('locked', 'held'), 'locked'],
  [new DatabaseError('access-denied', 'no'), 'access-denied'],
  [new DatabaseError('database', 'no'), 'dump-failed'],
  [new InputError([{ field: 'MSHOST', message: 'is not set' }]), 'config'],
  [new CommandError('zstd', 127, ''), 'config'],
  [new CancelledError('backup'), 'cancelled'],
  [systemError('ENOSPC'), 'disk-full'],
  [systemError('EROFS'), 'config'],
  [new TypeError('undefined is not a function'), 'internal'],
  ['a text', 'internal'],
])('knows the cause of %s', (error, cause) => {
  expect(describeFailure(error).cause).toBe(cause);
});

test('says on one line what is wrong and what to do', () => {
  const problems = ['A', 'B'].map((field) => ({ field, message: 'is not set' }));
  expect(describeFailure(new InputError(problems)).sentence).toBe('A: is not set; B: is not set');
  expect(describeFailure(new ActionError('connect', 'no', { hint: 'Do it.' })).next).toBe('Do it.');
});
