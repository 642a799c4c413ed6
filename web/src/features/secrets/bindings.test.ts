import { describe, expect, it } from 'vitest';
import { sayBindings } from './bindings';

describe('bindings of a secret', () => {
  it('say that it goes nowhere while no host is named', () => {
    expect(sayBindings({})).toBe('goes to no host, by every flow');
  });
  it('name hosts, flows and node types', () => {
    expect(sayBindings({ hosts: ['api.example.com'], flows: ['triage'], node_types: ['http.request'] })).toBe(
      'to api.example.com, by triage, in http.request',
    );
  });
});
