import { KubeConfig } from '@kubernetes/client-node';

/**
 * HTTP/1.1, so that each watch has a connection of its own. Over the client's HTTP/2 all of them share one, and requests that
 * were made while it was being lost were seen to get neither an answer nor an error (undici 8.12).
 */
export class Http1KubeConfig extends KubeConfig {
  override createDispatcherOptions(...parameters: Parameters<KubeConfig['createDispatcherOptions']>) {
    const options = super.createDispatcherOptions(...parameters);
    if (options.type === 'agent') return { ...options, connect: { ...options.connect, allowH2: false } };
    if (options.type === 'none') return { type: 'agent' as const, connect: { allowH2: false } };
    return options;
  }
}
