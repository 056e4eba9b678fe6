import { quoted } from '@delivery/core/domain/delivery/found';
import { chooseProjects } from '@delivery/core/domain/delivery/pick';
import type { Project, Topology } from '@delivery/core/domain/topology';
import { InputError } from '@delivery/core/errors/errors';
import type { Inputs } from './inputs.ts';

/** Whose backup, and where it goes. */
export interface Aim {
  readonly from: Project;
  readonly target: Project;
}

/** Throws InputError for names that delivery.yaml does not know or that lack what is needed, and where nothing goes without saying. */
export function findAim(given: Pick<Inputs, 'from' | 'project'>, topology: Topology): Aim {
  const projects = Object.values(topology.projects);
  const sources = projects.filter(({ database }) => database?.backup);
  const targets = projects.filter(({ database }) => database?.restore);
  const sure = sources.filter(({ production }) => production);
  const harmless = targets.filter(({ production }) => !production);
  const from = choose(topology, given.from, { field: 'from', all: sources, sure, lacks: 'database.backup' });
  // Where no project is flagged as production, the one whose backup it is may well be it.
  const others = harmless.filter(({ name }) => name !== from.name);
  const meant = { field: 'project', all: targets, sure: others, lacks: 'database.restore' } as const;
  return { from, target: choose(topology, given.project, meant) };
}

interface Choice {
  readonly field: 'from' | 'project';
  readonly all: readonly Project[];
  /** Of which the only one is meant when nothing is said. */
  readonly sure: readonly Project[];
  readonly lacks: string;
}

const goesWithoutSaying = {
  from: 'the only one that is production and has backups',
  project: 'the only one that can be restored into and is neither production nor `from`',
} as const;

function choose(topology: Topology, name: string, { field, all, sure, lacks }: Choice): Project {
  if (name !== '') {
    const having = all.map((project) => ({ project }));
    const chosen = chooseProjects(topology, [name], having, `has no ${lacks}`, field)[0];
    if (chosen) return chosen.project;
  }
  const [only, ...more] = sure;
  if (only && more.length === 0) return only;
  const there = sure.length === 0 ? 'there is none such' : `there are ${sure.map((one) => one.name).join(', ')}`;
  const known =
    all.length === 0 ? `no project has ${lacks}` : `with ${lacks}: ${all.map((one) => quoted(one.name)).join(', ')}`;
  const message = `is required: it is left out for ${goesWithoutSaying[field]}, and ${there}; ${known}`;
  throw new InputError([{ field, message }]);
}
