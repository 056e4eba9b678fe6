import * as z from 'zod/mini';
import {
  cronJobName,
  dnsLabel,
  dnsSubdomain,
  duration,
  expected,
  expectedText,
  pattern,
  plainName,
  webAddress,
  word,
} from './fields.ts';
import { cluster } from './schema-cluster.ts';
import { database } from './schema-database.ts';
import { image } from './schema-image.ts';
import { about, byName, fields, listOf, someOf } from './schema-parts.ts';

/**
 * delivery.yaml as it is written. Here, in schema-cluster.ts, schema-image.ts and schema-database.ts its fields stand, and nowhere else: the parser,
 * schema/delivery.schema.json and the table of docs/delivery-file.md are made from them.
 */

const containersPhrase = 'the name of a container, or a list of names';

const containerNames = z.union([dnsLabel, listOf(dnsLabel, 'container name').check(z.meta({ uniqueItems: true }))], {
  error: expected(containersPhrase),
});

const workload = fields({
  kind: word(['Deployment', 'StatefulSet', 'DeploymentConfig']).check(about('Kind of the workload.')),
  name: dnsSubdomain.check(about('Name of the workload in the namespace of the project.')),
  container: containerNames.check(
    about('The container that runs the image, or a list when several do; init containers count.'),
  ),
});

const statusPhrase = 'a status of HTTP, a whole number from 200 to 599';

const contentPhrase = 'a text of 1 to 1000 characters';

const check = fields({
  url: webAddress.check(about('Page to ask for, http or https, without user name and password.')),
  status: z._default(
    z
      .int({ error: expected(statusPhrase) })
      .check(
        z.minimum(200, { error: expected(statusPhrase) }),
        z.maximum(599, { error: expected(statusPhrase) }),
        about('Status the page has to answer with.'),
      ),
    200,
  ),
  contains: z.optional(
    z
      .string({ error: expectedText(contentPhrase) })
      .check(
        z.minLength(1, { error: expected(contentPhrase) }),
        z.maxLength(1000, { error: expected(contentPhrase) }),
        about('Text that the page has to hold, letter by letter.'),
      ),
  ),
  within: z.prefault(
    duration.check(
      about(
        'How long the right answer may take to come, once every workload is ready: `90s`, `10m`, `1h30m`; 24h at most.',
      ),
    ),
    '1m',
  ),
});

const signPattern = (what: string) => pattern.check(about(`JavaScript regular expression that ${what}.`));

const atLeastPhrase = 'a whole number from 0 to 1000000000';

const count = fields({
  url: webAddress.check(about('Page that tells a number, http or https, without user name and password.')),
  matches: pattern.check(
    z.refine((given) => (new RegExp(`${given.source}|`, 'u').exec('')?.length ?? 0) > 1, {
      error: 'has no group: put the number into one, such as (\\d+)',
    }),
    about('JavaScript regular expression that finds the number on the page: its first group.'),
  ),
  atLeast: z._default(
    z
      .int({ error: expected(atLeastPhrase) })
      .check(
        z.minimum(0, { error: expected(atLeastPhrase) }),
        z.maximum(1_000_000_000, { error: expected(atLeastPhrase) }),
        about('The smallest number that is right.'),
      ),
    1,
  ),
  within: z.prefault(
    duration.check(about('How long the right number may take to come, once the Job is Complete; 24h at most.')),
    '1m',
  ),
});

const succeeds = someOf({
  logMatches: z.optional(signPattern('a line of the log has to match')),
  messageMatches: z.optional(signPattern('the termination message has to match')),
  count: z.optional(count.check(about('A number that a page has to tell, such as the rows of a table.'))),
});

const job = fields({
  cronJob: cronJobName.check(about('Suspended CronJob of the namespace that Jobs are made from.')),
  container: z.optional(
    containerNames.check(about('The container that runs the image, or a list; the only one of the pod when left out.')),
  ),
  timeout: z.prefault(duration.check(about('How long a run may take: `90s`, `10m`, `1h30m`; 24h at most.')), '2h'),
  succeeds: z.optional(
    succeeds.check(
      about('What has to hold, all of it, for a Job that is Complete to have succeeded; nothing more when left out.'),
    ),
  ),
});

const data = fields({
  cronJob: cronJobName.check(
    about('Suspended CronJob whose Jobs list the data directories, for runners that do not see the data.'),
  ),
});

const project = fields({
  cluster: z.optional(
    plainName.check(
      about(
        'Context of the kubeconfig; the current one when left out. With `cluster-auth: oidc`, a name of `clusters`; the only one when left out.',
      ),
    ),
  ),
  namespace: dnsLabel.check(about('Namespace that the project lives in.')),
  follows: word(['latest', 'stable']).check(
    about('Tag whose moves are rolled out here: `latest` (every build) or `stable` (promoted ones).'),
  ),
  environment: z.optional(
    plainName.check(about('GitHub environment that deployments are recorded for; no records are made when left out.')),
  ),
  production: z._default(
    z
      .boolean({ error: expected('true or false') })
      .check(
        about('Whether its data is the real one: a restore into it has to be confirmed, one out of it is masked.'),
      ),
    false,
  ),
  workloads: z.optional(
    byName(
      listOf(workload, 'workload').check(about('The workloads that run this image; all of them follow it.')),
      'image',
    ).check(about('What runs here, by image of this file.')),
  ),
  jobs: z.optional(
    byName(job.check(about('What is launched here for each new build of this image.')), 'image').check(
      about('Jobs that run here, by image of this file.'),
    ),
  ),
  data: z.optional(data.check(about('How new data is looked for through the cluster.'))),
  database: z.optional(database.check(about('How the database is backed up and restored.'))),
  checks: z.optional(
    listOf(check, 'check').check(
      about('Pages that have to answer rightly after a rollout; one that does not makes the rollout fail.'),
    ),
  ),
});

export const deliverySchema = fields({
  images: byName(image.check(about('An image, by the name that inputs and workloads use for it.')), 'image').check(
    about('The images that are delivered.'),
  ),
  clusters: z.optional(
    byName(cluster.check(about('A cluster, by the name that projects use for it.')), 'cluster').check(
      about('The clusters that trust GitHub, for `cluster-auth: oidc`; not looked at with a kubeconfig.'),
    ),
  ),
  projects: z.optional(
    byName(project.check(about('A project, by the name that inputs use for it.')), 'project').check(
      about('The projects that run them; each is a namespace of a cluster.'),
    ),
  ),
}).check(
  z.meta({
    title: 'delivery.yaml',
    description: 'Topology of a delivery: which images there are, and which projects run them.',
  }),
);

export type DeliveryFile = z.output<typeof deliverySchema>;
