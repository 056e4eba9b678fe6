import { clustersOfInputs } from '@delivery/core/adapters/cluster/from-inputs';
import { openDataRoot } from '@delivery/core/adapters/data-directory';
import { topologyOfInputs } from '@delivery/core/adapters/delivery-file';
import { registryOfInputs } from '@delivery/core/adapters/registry/from-inputs';
import { startAction } from '@delivery/core/adapters/runner-step';
import { check, inputs, outputs } from './inputs.ts';
import { run } from './run.ts';

await startAction({
  name: 'detect-data',
  inputs,
  outputs,
  check,
  async run(given, context) {
    const topology = await topologyOfInputs(given);
    const ports = {
      topology,
      ...clustersOfInputs(given, topology, context),
      registry: registryOfInputs(given, topology, context, 'pull'),
      root: given.root === undefined ? undefined : openDataRoot(given.root),
    };
    return run(given, ports, context);
  },
});
