import { connectCluster, connectJobs } from '@delivery/core/adapters/cluster/connect';
import { clusterOfInputs } from '@delivery/core/adapters/cluster/from-inputs';
import { readDeliveryFile } from '@delivery/core/adapters/delivery-file';
import { connectGitHub } from '@delivery/core/adapters/github';
import { registryOfInputs } from '@delivery/core/adapters/registry/from-inputs';
import { startAction } from '@delivery/core/adapters/runner-step';
import { fetchWeb } from '@delivery/core/adapters/web';
import { check, inputs, outputs } from './inputs.ts';
import { run } from './run.ts';

await startAction({
  name: 'promote-stable',
  inputs,
  outputs,
  check,
  async run(given, context) {
    const { env } = process;
    const topology = await readDeliveryFile(env['GITHUB_WORKSPACE'] || process.cwd(), given.config);
    const token = given['github-token'];
    const ports = {
      topology,
      registry: registryOfInputs(given, topology, context, given['dry-run'] ? 'pull' : 'pull,push'),
      cluster: clusterOfInputs(connectCluster, given, context),
      jobs: clusterOfInputs(connectJobs, given, context),
      web: fetchWeb,
      gitHub: token === '' ? undefined : connectGitHub(token, context.run),
    };
    return run(given, ports, context);
  },
});
