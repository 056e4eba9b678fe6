import type { Backend, Endpoint } from './endpoint.ts';
import { commitOf, page, Refusal } from './endpoint.ts';
import { tryGit } from './git.ts';
import type { Json } from './shapes.ts';
import { nodeId, user } from './shapes.ts';

function commitAnswer({ url, repositories }: Backend, repository: string, sha: string): Json {
  const { message, tree, timestamp, author } = repositories.commit(repository, sha);
  const api = `${url}/repos/${repository}/commits/${sha}`;
  const who = { ...author, date: timestamp };
  return {
    sha,
    node_id: nodeId('Commit', 1),
    url: api,
    html_url: `${url}/${repository}/commit/${sha}`,
    comments_url: `${api}/comments`,
    commit: {
      author: who,
      committer: who,
      message,
      tree: { sha: tree, url: `${url}/repos/${repository}/git/trees/${tree}` },
      url: `${url}/repos/${repository}/git/commits/${sha}`,
      comment_count: 0,
    },
    author: user(url, 'ada'),
    committer: user(url, 'ada'),
    parents: [],
  };
}

/** What two commits have and have not (docs.github.com/rest/commits/commits, "Compare two commits"). */
export const commitEndpoints: Readonly<Record<string, Endpoint>> = {
  'repos/compare-commits-with-basehead': {
    needs: ['contents', 'read'],
    answer: (request, backend) => {
      const { repository, values, query } = request;
      const { repositories, url } = backend;
      const [from = '', to = ''] = (values['basehead'] ?? '').split('...');
      const [base, head] = [commitOf(request, backend, from), commitOf(request, backend, to)];
      const path = repositories.path(repository);
      const common = tryGit(path, 'merge-base', base, head);
      if (common === undefined) throw new Refusal(404, 'No common ancestor');
      const between = (range: string): string[] =>
        (tryGit(path, 'rev-list', '--reverse', range) ?? '').split('\n').filter((sha) => sha !== '');
      const [ahead, behind] = [between(`${base}..${head}`), between(`${head}..${base}`)];
      const page_url = `${url}/${repository}/compare/${from}...${to}`;
      const status =
        ahead.length === 0
          ? behind.length === 0
            ? 'identical'
            : 'behind'
          : behind.length === 0
            ? 'ahead'
            : 'diverged';
      const body = {
        url: `${url}/repos/${repository}/compare/${from}...${to}`,
        html_url: page_url,
        permalink_url: page_url,
        diff_url: `${page_url}.diff`,
        patch_url: `${page_url}.patch`,
        base_commit: commitAnswer(backend, repository, base),
        merge_base_commit: commitAnswer(backend, repository, common),
        status,
        ahead_by: ahead.length,
        behind_by: behind.length,
        total_commits: ahead.length,
        commits: page(ahead, query).map((sha) => commitAnswer(backend, repository, sha)),
        files: [],
      };
      return { status: 200, body };
    },
  },
};
