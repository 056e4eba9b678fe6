export interface WebAnswer {
  readonly status: number;
  /** At most the first 256 KiB, decoded as UTF-8. */
  readonly body: string;
}

/** Web pages that the deployed application serves: the `checks` of delivery.yaml. */
export interface Web {
  /** One GET without credentials; redirects are not followed. Throws RemoteError (`web`) when no answer comes in time. */
  get(url: URL, timeoutMs: number, signal: AbortSignal): Promise<WebAnswer>;
}
