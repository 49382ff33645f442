import type { RemoteError } from './requests.ts';

/** The parts of a thrown value that can be sent. */
export function toRemoteError(thrown: unknown): RemoteError {
  if (!(thrown instanceof Error))
    return {
      name: 'Error',
      message: `a value was thrown that is no Error: ${String(thrown)}`,
      stack: '',
      properties: {},
    };
  const properties = Object.fromEntries(Object.entries(thrown).filter(([, value]) => isPlain(value)));
  const cause = thrown.cause instanceof Error ? { cause: toRemoteError(thrown.cause) } : {};
  return {
    name: thrown.name,
    message: thrown.message,
    stack: thrown.stack ?? '',
    properties: { ...properties, ...cause },
  };
}

/** An Error like the one that was sent: same name, message, code and other properties; `guestStack` is its stack there. */
export function fromRemoteError(remote: RemoteError): Error & { readonly guestStack: string } {
  const { cause, ...properties } = remote.properties;
  const error = new Error(
    remote.message,
    cause === undefined ? undefined : { cause: fromRemoteError(cause as RemoteError) },
  );
  Object.defineProperty(error, 'name', { value: remote.name, configurable: true });
  return Object.assign(error, properties, { guestStack: remote.stack });
}

function isPlain(value: unknown): boolean {
  if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return true;
  try {
    return typeof value === 'object' && JSON.stringify(value) !== undefined;
  } catch {
    return false;
  }
}
