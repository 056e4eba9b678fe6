import { GitHubDescription } from '@delivery/testing/github/schema';

describe("GitHub's description", () => {
  const description = new GitHubDescription();
  const noQuery = new URLSearchParams();
  const repo = '/repos/acme/site';

  function problems(method: string, path: string, body?: unknown, query = noQuery): string[] {
    const matched = description.match(method, `${repo}${path}`);
    if (!matched) throw new Error(`${method} ${path} is not described`);
    return description.requestProblems(matched, query, body);
  }

  it('says where it is from', () => {
    expect(description.source).toMatch(/^@octokit\/openapi 23\.\d+\.\d+$/);
  });

  it('finds an operation by method and path, with the values of the path', () => {
    expect(description.match('POST', `${repo}/statuses/a%2Fb`)).toMatchObject({
      operation: { id: 'repos/create-commit-status' },
      values: { owner: 'acme', repo: 'site', sha: 'a/b' },
    });
    expect(description.match('DELETE', `${repo}/statuses/abc`)).toBeUndefined();
    expect(description.match('GET', '/user')).toBeUndefined();
  });

  it.each([
    ['POST', '/dispatches', { event_type: 'data', client_payload: { a: 1 } }],
    ['POST', '/deployments', { ref: 'main', payload: { a: 'b' }, required_contexts: [], auto_merge: false }],
    ['POST', '/deployments/1/statuses', { state: 'in_progress', description: 'x' }],
    ['POST', '/check-runs', { name: 'x', head_sha: 'y', status: 'completed', conclusion: 'neutral' }],
    ['PATCH', '/check-runs/1', { conclusion: 'success' }],
    ['POST', '/actions/workflows/ci.yml/dispatches', { ref: 'main', inputs: { a: 'b' }, return_run_details: true }],
    ['POST', '/actions/runs/1/rerun', undefined],
  ])('accepts %s %s', (method, path, body) => {
    expect(problems(method, path, body)).toEqual([]);
  });

  const many = Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`a${index}`, 1]));
  it.each([
    ['POST', '/dispatches', undefined, 'a body is required'],
    ['POST', '/dispatches', {}, "must have required property 'event_type'"],
    ['POST', '/dispatches', { event_type: 'a', client_payload: many }, 'must NOT have more than 10 properties'],
    ['POST', '/dispatches', { event_type: 'x'.repeat(101) }, 'must NOT have more than 100 characters'],
    ['POST', '/deployments', { ref: 1 }, 'body/ref must be string'],
    ['POST', '/deployments', { ref: 'a', enviroment: 'test' }, 'body field enviroment is not described'],
    ['POST', '/deployments/1/statuses', { state: 'good' }, 'body/state must be equal to one of the allowed values'],
    ['POST', '/deployments/x/statuses', { state: 'success' }, 'parameter deployment_id/value must be integer'],
    [
      'POST',
      '/check-runs',
      { name: 'x', head_sha: 'y', output: { title: 'z' } },
      "must have required property 'summary'",
    ],
    ['POST', '/statuses/abc', { state: 'neutral' }, 'body/state must be equal to one of the allowed values'],
  ])('refuses %s %s with %j', (method, path, body, problem) => {
    expect(problems(method, path, body).join('\n')).toContain(problem);
  });

  it('checks the query', () => {
    expect(problems('GET', '/deployments', undefined, new URLSearchParams({ env: 'test' }))).toEqual([
      'query parameter env is not described',
    ]);
    expect(problems('GET', '/actions/runs', undefined, new URLSearchParams({ per_page: 'many' }))).toHaveLength(1);
  });

  it('checks answers, those that refuse included', () => {
    const matched = description.match('POST', `${repo}/dispatches`);
    const check = (status: number, body?: unknown) =>
      matched && description.answerProblems(matched.operation, status, body);
    expect(check(204)).toEqual([]);
    expect(check(204, {})).toEqual(['a body is not described']);
    expect(check(201, {})).toEqual(['status 201 is not described']);
    expect(check(403, { message: 'no' })).toEqual([]);
    expect(check(403, {})).toHaveLength(1);
  });
});
