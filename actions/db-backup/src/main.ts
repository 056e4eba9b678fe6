import { clustersOfInputs } from '@delivery/core/adapters/cluster/from-inputs';
import { topologyOfInputs } from '@delivery/core/adapters/delivery-file';
import { startAction } from '@delivery/core/adapters/runner-step';
import { inputs, outputs } from './inputs.ts';
import { run } from './run.ts';

await startAction({
  name: 'db-backup',
  inputs,
  outputs,
  async run(given, context) {
    const topology = await topologyOfInputs(given);
    const ports = {
      topology,
      ...clustersOfInputs(given, topology, context),
    };
    return run(given, ports, context);
  },
});
