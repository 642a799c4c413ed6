import { describe, expect, it } from 'vitest';
import { matrixOf } from './matrix';

describe('the matrix of permissions', () => {
  it('has a row for each object, reading before writing before the rest', () => {
    expect(
      matrixOf([{ permissions: ['runs:data', 'runs:write', 'flows:read'] }, { permissions: ['runs:read'] }]),
    ).toEqual([
      { object: 'flows', verbs: ['read'] },
      { object: 'runs', verbs: ['read', 'write', 'data'] },
    ]);
  });
});
