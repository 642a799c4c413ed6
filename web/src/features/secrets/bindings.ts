// Where a secret may be used, in words. Pure.

import type { Bindings } from './queries';

export function sayBindings(bindings: Bindings | undefined): string {
  const hosts = bindings?.hosts ?? [];
  const flows = bindings?.flows ?? [];
  const types = bindings?.node_types ?? [];
  const to = hosts.length === 0 ? 'goes to no host' : `to ${hosts.join(', ')}`;
  const from = flows.length > 0 ? `by ${flows.join(', ')}` : 'by every flow';
  return [to, from, ...(types.length > 0 ? [`in ${types.join(', ')}`] : [])].join(', ');
}
