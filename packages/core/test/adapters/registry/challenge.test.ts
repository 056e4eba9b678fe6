import { parseChallenges } from '@delivery/core/adapters/registry/challenge';

describe('parseChallenges', () => {
  test.each<[string, string, [string, Record<string, string>][]]>([
    ['Basic', 'Basic realm="a registry"', [['basic', { realm: 'a registry' }]]],
    [
      'Bearer with a comma in a scope',
      'Bearer realm="https://auth.test/token",service="registry.test",scope="repository:a/b:pull,push"',
      [['bearer', { realm: 'https://auth.test/token', service: 'registry.test', scope: 'repository:a/b:pull,push' }]],
    ],
    [
      'plain values, odd case and spaces',
      'BEARER  Realm = https , SERVICE=x',
      [['bearer', { realm: 'https', service: 'x' }]],
    ],
    ['quoted pairs', 'Basic realm="a \\"quoted\\" \\\\ name"', [['basic', { realm: 'a "quoted" \\ name' }]]],
    [
      'several challenges in one header',
      'Negotiate, NTLM abc==, Basic realm="x, Bearer realm=\\"evil\\"", Bearer realm="https://auth.test"',
      [
        ['negotiate', {}],
        ['ntlm', {}],
        ['basic', { realm: 'x, Bearer realm="evil"' }],
        ['bearer', { realm: 'https://auth.test' }],
      ],
    ],
    ['a scheme without parameters', 'Basic', [['basic', {}]]],
    ['nothing', '', []],
    ['a quote that never ends', 'Bearer realm="https://auth.test', [['bearer', {}]]],
  ])('reads %s', (_name, header, expected) => {
    const read = parseChallenges(header).map(({ scheme, parameters }) => [scheme, { ...parameters }]);
    expect(read.slice(0, expected.length)).toEqual(expected);
  });

  test('reads a hostile header of 100,000 characters at once', () => {
    expect(parseChallenges(`Basic ${'a="\\'.repeat(25_000)}`).length).toBeLessThan(10_000);
    expect(parseChallenges('Basic __proto__="x", realm="y"')[0]?.parameters['realm']).toBe('y');
  });
});
