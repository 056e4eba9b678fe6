import { connectJobs } from '@delivery/core/adapters/cluster/connect';
import { clusterOfInputs } from '@delivery/core/adapters/cluster/from-inputs';
import { openDataRoot } from '@delivery/core/adapters/data-directory';
import { readDeliveryFile } from '@delivery/core/adapters/delivery-file';
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
    const { env } = process;
    const topology = await readDeliveryFile(env['GITHUB_WORKSPACE'] || process.cwd(), given.config);
    const ports = {
      topology,
      registry: registryOfInputs(given, topology, context, 'pull'),
      root: given.root === undefined ? undefined : openDataRoot(given.root),
      jobs: clusterOfInputs(connectJobs, given, context),
    };
    return run(given, ports, context);
  },
});
