import { readInputs } from '@delivery/core/action/inputs';
import { check, inputs } from '../src/inputs.ts';

const read = (given: Readonly<Record<string, string>>) =>
  readInputs(inputs, { get: (name) => given[name] ?? '', mask: () => undefined }, check);

describe('the inputs', () => {
  it('mean the latest backup when nothing is given', () => {
    expect(read({})).toMatchObject({ backup: { kind: 'latest' }, drill: false, confirm: '', 'on-running': 'wait' });
  });

  it('name a backup by its file, those of the old system too', () => {
    const file = 'backup-2019-03-01T01:05:00.123456Z-fragalysis.sql.gz';
    expect(read({ backup: file }).backup).toEqual({ kind: 'named', file });
    expect(read({ backup: 'list' }).backup).toEqual({ kind: 'list' });
  });

  it.each([
    'newest',
    '../backup-2026-09-15T14:05:00Z-x.sql.zst',
    'hourly/backup-2026-09-15T14:05:00Z-x.sql.zst',
    '-rf',
  ])('refuse %j, which is no name of a backup', (backup) => expect(() => read({ backup })).toThrow(/^backup: /));

  it('refuse a drill of a list', () => {
    expect(() => read({ backup: 'list', drill: 'true' })).toThrow('restores nothing');
  });
});
