import { connectAll } from '@delivery/core/action/connect-all';
import type { ActionContext } from '@delivery/core/action/context';
import { launchAll } from '@delivery/core/action/launch/launch-all';
import type { Cause, PlaceEnd } from '@delivery/core/action/launch/verdict';
import type { Note } from '@delivery/core/action/ledger';
import { noteInLedger } from '@delivery/core/action/ledger';
import { tell } from '@delivery/core/action/launch/report';
import type { Outcome } from '@delivery/core/action/outcome';
import { preflight } from '@delivery/core/action/preflight';
import type { ResolvedBuild } from '@delivery/core/action/resolve-build';
import { resolveBuild } from '@delivery/core/action/resolve-build';
import { buildName } from '@delivery/core/domain/build';
import { dataOriginLabel } from '@delivery/core/domain/data-directory';
import { isOfTheSite } from '@delivery/core/domain/rollout/cause';
import { findPlaces } from './aim.ts';
import type { Inputs, Output } from './inputs.ts';
import type { Ports } from './ports.ts';
import { needsOf } from './rights.ts';

/** Resolves the build that is meant, launches it in every project that is meant, and notes in the ledger whether it loaded in TEST. */
export async function run(inputs: Inputs, ports: Ports, context: ActionContext): Promise<Outcome<Output>> {
  const { image, places } = findPlaces(inputs, ports.topology);
  // The kubeconfig is an input: it is found wrong before anything is asked.
  connectAll(
    places.map(({ project }) => project),
    ports.jobs,
  );
  await preflight('launch-loader', needsOf(places, inputs), ports.permissions, context);
  const build = await resolveBuild(inputs.build, image.repository, ports.registry, context.signal);
  const title = titleOf(image.name, build);
  const { repository } = image;
  const ends = await launchAll(places, { build, repository, title }, inputs, ports, context);
  for (const end of ends) {
    const note = noteOf(end, build);
    if (note) await noteInLedger(note, { repository, subject: build.manifest, registry: ports.registry }, context);
  }
  return tell(title, ends, inputs);
}

/** What is known of the image by a load where it is tried; undefined when nothing is. */
function noteOf({ place, verdict, sentence, ...end }: PlaceEnd, { number }: ResolvedBuild): Note | undefined {
  const { project } = place;
  const cause: string = end.cause ?? '';
  const says = verdict === 'succeeded' || (verdict === 'failed' && !isOfTheSite(cause) && !nothingRan.has(cause));
  if (project.follows !== 'latest' || !says) return undefined;
  const result = verdict === 'succeeded' ? 'success' : 'failure';
  return { event: 'loaded', verdict: result, project: project.name, build: number, reason: sentence };
}

const nothingRan: ReadonlySet<string> = new Set<Cause>(['cronjob-missing', 'refused', 'removed']);

function titleOf(name: string, build: ResolvedBuild): string {
  const data = build.labels[dataOriginLabel];
  return `${name} ${buildName(build)}${data === undefined || data === '' ? '' : ` (data ${data})`}`;
}
