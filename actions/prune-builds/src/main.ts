import { clustersOfInputs } from '@delivery/core/adapters/cluster/from-inputs';
import { topologyOfInputs } from '@delivery/core/adapters/delivery-file';
import { connectPackageVersions, isOnGitHub } from '@delivery/core/adapters/package-versions';
import { registryOfInputs } from '@delivery/core/adapters/registry/from-inputs';
import { startAction } from '@delivery/core/adapters/runner-step';
import type { Repository } from '@delivery/core/domain/image-reference';
import { InputError } from '@delivery/core/errors/errors';
import { check, inputs, outputs } from './inputs.ts';
import { run } from './run.ts';

await startAction({
  name: 'prune-builds',
  inputs,
  outputs,
  check,
  async run(given, context) {
    const topology = await topologyOfInputs(given);
    const token = given['github-token'];
    const packages = (repository: Repository) => {
      if (!isOnGitHub(repository, context.run.serverUrl)) return undefined;
      if (token === '')
        throw new InputError([{ field: 'github-token', message: `is required to delete on ${repository.host}` }]);
      return connectPackageVersions({ token, apiUrl: context.run.apiUrl, repository, clock: context.clock });
    };
    const ports = {
      topology,
      ...clustersOfInputs(given, topology, context),
      registry: registryOfInputs(given, topology, context, given['dry-run'] ? 'pull' : 'pull,push'),
      packages,
    };
    return run(given, ports, context);
  },
});
