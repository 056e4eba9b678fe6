import { readJsonObject, shownJson } from '@delivery/core/domain/json-object';

const entries = (text: string) => {
  const read = readJsonObject(text, 100);
  return 'problem' in read ? read.problem : Object.fromEntries(read.entries);
};

describe('an object of JSON from outside', () => {
  it('is read with its values as they are', () => {
    expect(entries('{"a": "x", "b": {"a": 1}, "c": [{"a": 1}, {"a": 2}], "d": "{\\"a\\": 1}"}')).toEqual({
      ...{ a: 'x', b: { a: 1 }, d: '{"a": 1}' },
      c: [{ a: 1 }, { a: 2 }],
    });
  });

  it('keeps a key that objects have by themselves', () => {
    const read = readJsonObject('{"__proto__": {"force": true}, "constructor": 1}', 100);
    expect('entries' in read && [...read.entries.keys()]).toEqual(['__proto__', 'constructor']);
  });

  it.each([
    ['[]', 'is not an object'],
    ['null', 'is not an object'],
    ['"{}"', 'is not an object'],
    ['7', 'is not an object'],
    ['{', 'is not JSON'],
    ["{'a': 1}", 'is not JSON'],
    ['{"a": 1,}', 'is not JSON'],
    ['{"a": 1, "a": 2}', 'gives the key "a" twice'],
    ['{"a": 1, "b": {"a": 2}, "\\u0061": 3}', 'gives the key "a" twice'],
    [`{"a": "${'x'.repeat(100)}"}`, 'is 109 bytes long: give at most 100'],
    [`{"a": "${'é'.repeat(50)}"}`, 'is 109 bytes long'],
  ])('%s is none: %s', (text, problem) => {
    expect(entries(text)).toContain(problem);
  });

  it('is shown bounded and on one line', () => {
    expect([shownJson('a\nb'), shownJson({ a: [1] }), shownJson(null)]).toEqual(['"a\\nb"', '{"a":[1]}', 'null']);
    expect(shownJson('x'.repeat(500)).length).toBeLessThan(100);
    expect(shownJson(Array(500).fill('x')).length).toBeLessThan(100);
  });
});
