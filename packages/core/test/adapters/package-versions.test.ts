import { mkdtempSync, rmSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectPackageVersions, isOnGitHub } from '@delivery/core/adapters/package-versions';
import type { PackageVersionsKit } from '@delivery/testing/contracts/package-versions';
import { contractLimits, packageVersionsContract } from '@delivery/testing/contracts/package-versions';
import { FakeClock } from '@delivery/testing/fake-clock';
import { FakePackageVersions } from '@delivery/testing/fake-package-versions';
import { GitHubStandIn } from '@delivery/testing/github/stand-in';
import { RateLimits } from '@delivery/testing/rate-limits';

const repository = { host: 'ghcr.io', path: 'acme/dev/web-stream' };

async function openFake(): Promise<PackageVersionsKit> {
  const clock = new FakeClock();
  const limits = new RateLimits({ clock, ...contractLimits });
  const packages = new FakePackageVersions({ limits });
  return {
    packages,
    powerless: new FakePackageVersions({ permissions: ['packages: read'], of: packages }),
    limits,
    clock,
    push: (...version) => packages.push(...version),
    close: async () => undefined,
  };
}

function openStandIn(ownerIs: 'org' | 'user'): () => Promise<PackageVersionsKit> {
  return async () => {
    const clock = new FakeClock();
    const limits = new RateLimits({ clock, ...contractLimits });
    const dataDir = mkdtempSync(join(tmpdir(), 'packages-'));
    const config = { act: '/bin/true', localRepositories: {}, secrets: {}, vars: {}, env: {}, homeLinks: {} };
    const log = () => undefined;
    const standIn = await GitHubStandIn.start({ host: '127.0.0.1', port: 0, dataDir, config, log, limits });
    const open = (permissions: Record<string, 'read' | 'write'>) => {
      const token = standIn.tokens.mint('acme/stack', 'github-actions[bot]', permissions);
      return connectPackageVersions({ token, apiUrl: standIn.url, repository, clock });
    };
    const packages = open({ packages: 'write' });
    const of = { repository: 'acme/stack', owner: 'acme', ownerIs, package: 'dev/web-stream' };
    return {
      packages,
      powerless: open({ packages: 'read' }),
      limits,
      clock,
      push: (digest, tags, downloads = 0) => standIn.addPackageVersion({ ...of, digest, tags, downloads }),
      close: async () => {
        const violations = standIn.violations;
        await standIn.stop();
        rmSync(dataDir, { recursive: true });
        if (violations.length > 0) throw new Error(`not as GitHub describes it: ${JSON.stringify(violations)}`);
      },
    };
  };
}

packageVersionsContract('The fake', openFake);
packageVersionsContract('The adapter over the stand-in', openStandIn('org'));

describe('the adapter', () => {
  const { signal } = new AbortController();

  it('finds the package of a user by one more request, and deletes there', async () => {
    const kit = await openStandIn('user')();
    try {
      kit.push(`sha256:${'1'.repeat(64)}`, ['latest']);
      const id = kit.push(`sha256:${'2'.repeat(64)}`, []);
      expect((await kit.packages.listPage(1, signal)).versions).toHaveLength(2);
      expect(kit.limits.requests).toBe(2);
      expect(await kit.packages.remove(id, signal)).toBe('removed');
      expect(kit.limits.requests).toBe(3);
    } finally {
      await kit.close();
    }
  });

  it('fails where there is no such package', async () => {
    const kit = await openStandIn('org')();
    try {
      await expect(kit.packages.listPage(1, signal)).rejects.toMatchObject({ code: 'github', status: 404 });
      await expect(kit.packages.remove(1, signal)).rejects.toMatchObject({ code: 'github', status: 404 });
    } finally {
      await kit.close();
    }
  });

  it.each([
    ['something else', '{"versions": []}'],
    ['a version without a digest', '[{"id": 1, "name": "1.0", "metadata": {"container": {"tags": []}}}]'],
    ['a version without tags', `[{"id": 1, "name": "sha256:${'1'.repeat(64)}", "metadata": {}}]`],
    [
      'a tag that is none',
      `[{"id": 1, "name": "sha256:${'1'.repeat(64)}", "metadata": {"container": {"tags": ["a b"]}}}]`,
    ],
  ])('refuses an answer that is no list of versions: %s', async (_, body) => {
    await withServer(
      (_request, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end(body),
      async (apiUrl) => {
        const packages = connectPackageVersions({ token: 't', apiUrl, repository, clock: new FakeClock() });
        await expect(packages.listPage(1, signal)).rejects.toMatchObject({ code: 'github', retryable: false });
      },
    );
  });

  it.each([
    ['ghcr.io', 'https://github.com', true],
    ['containers.github.example.org', 'https://github.example.org', true],
    ['ghcr.io.example.org', 'https://github.com', false],
    ['ghrc.io', 'https://github.com', false],
    ['localhost:5000', 'http://127.0.0.1:3000', false],
  ])('%s beside %s is a registry of GitHub: %s', (host, serverUrl, expected) => {
    expect(isOnGitHub({ host, path: 'acme/web' }, serverUrl)).toBe(expected);
  });
});

async function withServer(listener: RequestListener, use: (url: string) => Promise<void>): Promise<void> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}
