import { jest } from '@jest/globals';
import type { Right } from '@delivery/core/domain/rights';
import type { PermissionsKit } from '@delivery/testing/contracts/permissions';
import { permissionsContract } from '@delivery/testing/contracts/permissions';
import { randomBytes } from 'node:crypto';
import { readState } from '../ground/state.ts';
import { RightsSite } from '../road/rights-site.ts';

const rbac = 'rbac.authorization.k8s.io';

async function realKit(): Promise<PermissionsKit> {
  const site = new RightsSite(readState(), `rights-${randomBytes(4).toString('hex')}`);
  const { namespace, kubectl } = site;
  await site.create(new Map([['somebody', []]]));
  const { permissions } = await site.connect('somebody');
  let marks = 0;
  return {
    permissions,
    namespace,
    async allowOnly(rules) {
      // RBAC knows a Role a moment after it was changed: once it knows the mark, it knows the rest.
      marks += 1;
      const mark: Right = { group: 'example.org', resource: `mark-${marks}`, verb: 'get' };
      const marked = { apiGroups: [mark.group], resources: [mark.resource], verbs: [mark.verb] };
      const role = { kind: 'Role', metadata: { name: 'somebody', namespace }, rules: [...rules, marked] };
      await kubectl.apply({ apiVersion: `${rbac}/v1`, ...role });
      const known = AbortSignal.timeout(30_000);
      while ((await permissions.missing(namespace, [mark], known)).denied.length > 0) known.throwIfAborted();
    },
    async close() {
      await kubectl.run(['delete', 'namespace', namespace, '--wait=false']);
    },
  };
}

jest.setTimeout(90_000);
permissionsContract('The adapter of a real API server', realKit);
