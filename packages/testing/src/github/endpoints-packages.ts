import { refusalOf } from '../fake-package-versions.ts';
import type { ApiAnswer, ApiRequest, Backend, Endpoint } from './endpoint.ts';
import { page, Refusal } from './endpoint.ts';
import type { StoredPackageVersion } from './records.ts';
import type { Json } from './shapes.ts';

/** Versions of a package of containers, the newest first. A run sees those of packages that belong to its repository. */
function versionsOf({ values, grant }: ApiRequest, { records }: Backend, kind: 'org' | 'user'): StoredPackageVersion[] {
  const owner = values['org'] ?? values['username'];
  const found = records.packageVersions.newest(
    (version) =>
      version.owner === owner &&
      version.ownerIs === kind &&
      version.package === values['package_name'] &&
      values['package_type'] === 'container' &&
      (grant.run === undefined || grant.run.repository === version.repository),
  );
  if (found.length === 0) throw new Refusal(404, 'Package not found.');
  return found.filter(({ deleted }) => !deleted);
}

function versionAnswer(url: string, version: StoredPackageVersion): Json {
  const { id, digest, tags, owner, ownerIs, package: name, created_at, updated_at } = version;
  const html = `${url}/${ownerIs}s/${owner}/packages/container/${encodeURIComponent(name)}`;
  return {
    ...{ id, name: digest, created_at, updated_at },
    url: `${url}/${ownerIs}s/${owner}/packages/container/${encodeURIComponent(name)}/versions/${id}`,
    package_html_url: html,
    html_url: `${html}/${id}`,
    metadata: { package_type: 'container', container: { tags: [...tags] } },
  };
}

function list(kind: 'org' | 'user'): Endpoint {
  return {
    ofOwner: true,
    needs: ['packages', 'read'],
    answer: (request, backend): ApiAnswer => {
      const versions = versionsOf(request, backend, kind);
      const { query } = request;
      const size = Math.min(Number(query.get('per_page') ?? 30), 100);
      const at = Number(query.get('page') ?? 1);
      const next = `<${backend.url}/next?per_page=${size}&page=${at + 1}>; rel="next"`;
      const headers: Record<string, string> = at * size < versions.length ? { link: next } : {};
      return {
        status: 200,
        headers,
        body: page(versions, query).map((version) => versionAnswer(backend.url, version)),
      };
    },
  };
}

function remove(kind: 'org' | 'user'): Endpoint {
  return {
    ofOwner: true,
    needs: ['packages', 'write'],
    answer: (request, backend) => {
      const versions = versionsOf(request, backend, kind);
      const version = versions.find(({ id }) => id === Number(request.values['package_version_id']));
      if (!version) throw new Refusal(404, 'Package not found.');
      const refused = refusalOf(version, versions);
      if (refused) throw new Refusal(refused.status, refused.message);
      backend.records.packageVersions.replace({ ...version, deleted: true });
      return { status: 204 };
    },
  };
}

/** Packages of the container registry (docs.github.com/rest/packages). */
export const packageEndpoints: Readonly<Record<string, Endpoint>> = {
  'packages/get-all-package-versions-for-package-owned-by-org': list('org'),
  'packages/get-all-package-versions-for-package-owned-by-user': list('user'),
  'packages/delete-package-version-for-org': remove('org'),
  'packages/delete-package-version-for-user': remove('user'),
};
