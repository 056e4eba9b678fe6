import { clustersOfInputs, saysHowToConnect } from '@delivery/core/adapters/cluster/from-inputs';
import { topologyOfInputs } from '@delivery/core/adapters/delivery-file';
import { registryOfInputs } from '@delivery/core/adapters/registry/from-inputs';
import { startAction } from '@delivery/core/adapters/runner-step';
import { check, inputs, outputs } from './inputs.ts';
import { run } from './run.ts';

await startAction({
  name: 'list-builds',
  inputs,
  outputs,
  check,
  async run(given, context) {
    const topology = await topologyOfInputs(given);
    const hasCluster = saysHowToConnect(given, process.env);
    const ports = {
      topology,
      registry: registryOfInputs(given, topology, context, 'pull'),
      cluster: hasCluster ? clustersOfInputs(given, topology, context).cluster : undefined,
    };
    return run(given, ports, context);
  },
});
