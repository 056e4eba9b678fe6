import { clustersOfInputs } from '@delivery/core/adapters/cluster/from-inputs';
import { topologyOfInputs } from '@delivery/core/adapters/delivery-file';
import { startAction } from '@delivery/core/adapters/runner-step';
import { fetchWeb } from '@delivery/core/adapters/web';
import { check, inputs, outputs } from './inputs.ts';
import { run } from './run.ts';

await startAction({
  name: 'db-restore',
  inputs,
  outputs,
  check,
  async run(given, context) {
    const topology = await topologyOfInputs(given);
    const ports = {
      topology,
      ...clustersOfInputs(given, topology, context),
      web: fetchWeb,
    };
    return run(given, ports, context);
  },
});
