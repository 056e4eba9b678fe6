import { systemClock } from '@delivery/core/adapters/clock';
import { connectRegistry } from '@delivery/core/adapters/registry/client';
import { givenLogin } from '@delivery/core/adapters/registry/credentials';
import type { Registry } from '@delivery/core/ports/registry';
import type { GroundState } from '../ground/state.ts';

/** The ground's registry with basic auth, to look at what has been pushed. */
export function groundRegistry({ registries }: GroundState): Registry {
  const { host, username, password } = registries.basic;
  const credentials = givenLogin({ username, password, from: 'the ground' }, [host]);
  return connectRegistry({ clock: systemClock, credentials });
}
