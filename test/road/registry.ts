import { systemClock } from '@delivery/core/adapters/clock';
import { connectRegistry } from '@delivery/core/adapters/registry/client';
import { firstLogin, givenLogin } from '@delivery/core/adapters/registry/credentials';
import type { Registry } from '@delivery/core/ports/registry';
import type { GroundState } from '../ground/state.ts';

/** Both registries of the ground, to look at what has been pushed and to prepare what is there. */
export function groundRegistry({ registries }: GroundState): Registry {
  const logins = Object.values(registries).map(({ host, username, password }) =>
    givenLogin({ username, password, from: 'the ground' }, [host]),
  );
  return connectRegistry({ clock: systemClock, credentials: firstLogin(...logins) });
}
