// The library's own field, around which ours is built.
import { getDefaultRegistry } from '@rjsf/core';
import type { Field } from '@rjsf/utils';

export const SchemaField = getDefaultRegistry().fields.SchemaField as Field;
