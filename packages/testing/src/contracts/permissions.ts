import type { Right } from '@delivery/core/domain/rights';
import type { Permissions } from '@delivery/core/ports/permissions';
import type { Rule } from '../fake-permissions.ts';

export interface PermissionsKit {
  readonly permissions: Permissions;
  /** One in which nothing is allowed yet. */
  readonly namespace: string;
  /** Lets the account do this in the namespace, and nothing else; the next answer knows it. */
  allowOnly(rules: readonly Rule[]): Promise<void>;
  close(): Promise<void>;
}

const read: Right = { group: '', resource: 'pods', verb: 'get' };
const list: Right = { group: '', resource: 'pods', verb: 'list' };
const logs: Right = { group: '', resource: 'pods/log', verb: 'get' };
const patch: Right = { group: 'apps', resource: 'deployments', verb: 'patch' };
const all = [patch, logs, list, read];

/** The behaviour of the port Permissions; runs against each implementation. */
export function permissionsContract(name: string, open: () => Promise<PermissionsKit>): void {
  describe(`${name} keeps the contract of Permissions`, () => {
    let kit: PermissionsKit;
    beforeEach(async () => {
      kit = await open();
    });
    afterEach(async () => {
      await (kit as PermissionsKit | undefined)?.close();
    });
    const missing = async (...rights: readonly Right[]) => {
      const { denied, unknown } = await kit.permissions.missing(kit.namespace, rights, new AbortController().signal);
      expect(unknown).toEqual([]);
      return denied;
    };

    it('gives everything that is asked for where nothing is allowed, in its order', async () => {
      await kit.allowOnly([]);
      expect(await missing(...all)).toEqual(all);
      expect(await missing()).toEqual([]);
    });

    it('leaves out what rules allow: group, resource with its subresource, and verb', async () => {
      await kit.allowOnly([{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }]);
      expect(await missing(...all)).toEqual([patch, logs]);
      await kit.allowOnly([
        { apiGroups: ['apps', 'batch'], resources: ['deployments'], verbs: ['get', 'patch'] },
        { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
      ]);
      expect(await missing(...all)).toEqual([list, read]);
    });

    it('takes * of a group, a resource or a verb for all of them', async () => {
      await kit.allowOnly([{ apiGroups: [''], resources: ['*'], verbs: ['get'] }]);
      expect(await missing(...all)).toEqual([patch, list]);
      await kit.allowOnly([{ apiGroups: ['*'], resources: ['deployments', 'pods'], verbs: ['*'] }]);
      expect(await missing(...all)).toEqual([logs]);
    });

    it('does not take what is allowed for one object for what is allowed for all', async () => {
      await kit.allowOnly([{ apiGroups: [''], resources: ['pods'], verbs: ['get'], resourceNames: ['web-0'] }]);
      expect(await missing(read)).toEqual([read]);
    });

    it('takes it for these objects, and gives the others by name', async () => {
      await kit.allowOnly([
        { apiGroups: [''], resources: ['pods'], verbs: ['get'], resourceNames: ['web-0', 'web-1'] },
      ]);
      expect(await missing({ ...read, names: ['web-0', 'web-1'] })).toEqual([]);
      const others = ['db-0', 'db-1'].map((name) => ({ ...read, names: [name] }));
      expect(await missing({ ...read, names: ['db-0', 'web-1', 'db-1'] })).toEqual(others);
      await kit.allowOnly([{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }]);
      expect(await missing({ ...read, names: ['web-0'] })).toEqual([]);
    });

    it('rejects with the reason of a signal that is aborted already', async () => {
      const reason = new Error('enough');
      const asked = kit.permissions.missing(kit.namespace, all, AbortSignal.abort(reason));
      await expect(asked).rejects.toBe(reason);
    });
  });
}
