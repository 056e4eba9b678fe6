import { readInputs } from '@delivery/core/action/inputs';
import { InputError } from '@delivery/core/errors/errors';
import { check, inputs } from '../src/inputs.ts';

function read(given: Readonly<Record<string, string>>) {
  return readInputs(inputs, { get: (name) => given[name] ?? '', mask: () => undefined }, check);
}

function problemsOf(given: Readonly<Record<string, string>>): string[] {
  try {
    read(given);
    return [];
  } catch (error) {
    if (error instanceof InputError) return error.problems.map(({ field, message }) => `${field}: ${message}`);
    throw error;
  }
}

describe('the inputs of build-and-tag', () => {
  it('are all optional', () => {
    expect(read({})).toMatchObject({
      image: 'web',
      'build-number': { kind: 'run' },
      'build-number-offset': 0,
      builder: 'auto',
    });
  });

  it('are read as lists, pairs and numbers', () => {
    const given = {
      'build-number-offset': '500',
      platforms: 'linux/amd64\nlinux/arm/v7',
      'build-args': 'A=1\nB=x=y z',
      secrets: 'token=s3cret=',
      labels: 'data.origin=2026-09-15T16',
    };
    expect(read(given)).toMatchObject({
      'build-number-offset': 500,
      platforms: ['linux/amd64', 'linux/arm/v7'],
      'build-args': new Map([
        ['A', '1'],
        ['B', 'x=y z'],
      ]),
      secrets: new Map([['token', 's3cret=']]),
      labels: new Map([['data.origin', '2026-09-15T16']]),
    });
  });

  it.each([
    ['build-number', '0'],
    ['build-number', '007'],
    ['build-number', '-1'],
    ['build-number', '1.5'],
    ['build-number', 'latest'],
    ['build-number', '1000000000'],
    ['build-number-offset', '-5'],
    ['build-number-offset', 'many'],
    ['builder', 'kaniko'],
    ['image', '../web'],
    ['platforms', 'amd64'],
    ['platforms', 'linux/amd64,linux/arm64'],
    ['build-args', 'NOVALUE'],
    ['build-args', 'bad-name=1'],
    ['build-args', 'A=1\nA=2'],
    ['build-args', 'BUILD_NUMBER=1'],
    ['build-args', 'GIT_SHA=x'],
    ['labels', '=x'],
    ['labels', 'build.number=9'],
    ['labels', 'org.opencontainers.image.revision=x'],
    ['labels', 'org.opencontainers.image.source=x'],
    ['labels', 'org.opencontainers.image.created=x'],
    ['labels', 'org.opencontainers.image.version=x'],
    ['dry-run', 'yes'],
    ['registry-username', 'ci'],
    ['secrets', 'a,src=/etc/passwd=x'],
  ])('refuse %s: %s', (field, value) => {
    const problems = problemsOf({ [field]: value });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^${field}: `));
  });

  it('do not show a secret that is wrong', () => {
    expect(problemsOf({ secrets: 'hunter2' }).join()).not.toContain('hunter2');
  });

  it.each(['next', '12'])('refuse an offset with build-number %s, which is not the number of the run', (number) => {
    expect(problemsOf({ 'build-number': number, 'build-number-offset': '5' })).toEqual([
      'build-number-offset: is added to the number of the run: leave it out when build-number is given',
    ]);
  });

  it('refuse a password without its username, and a username with a colon', () => {
    expect(problemsOf({ 'registry-password': 'x' })).toHaveLength(1);
    expect(problemsOf({ 'registry-username': 'a:b', 'registry-password': 'x' })).toEqual([
      'registry-username: may not hold a colon',
    ]);
  });

  it('name everything that is wrong at once', () => {
    expect(problemsOf({ 'build-number': 'x', builder: 'y', image: '/' })).toHaveLength(3);
  });
});
