import { clustersOfInputs } from '@delivery/core/adapters/cluster/from-inputs';
import { topologyOfInputs } from '@delivery/core/adapters/delivery-file';
import { gitHubOfInputs } from '@delivery/core/adapters/github';
import { registryOfInputs } from '@delivery/core/adapters/registry/from-inputs';
import { startAction } from '@delivery/core/adapters/runner-step';
import { fetchWeb } from '@delivery/core/adapters/web';
import { check, inputs, outputs } from './inputs.ts';
import { run } from './run.ts';

await startAction({
  name: 'deploy-test',
  inputs,
  outputs,
  check,
  async run(given, context) {
    const topology = await topologyOfInputs(given);
    const ports = {
      topology,
      ...clustersOfInputs(given, topology, context),
      registry: registryOfInputs(given, topology, context, 'pull'),
      web: fetchWeb,
      gitHub: gitHubOfInputs(given, context.run),
    };
    return run(given, ports, context);
  },
});
