// What the fields of one form share.
import type { Registry } from '@rjsf/utils';
import type { JsonObject } from '../json';
import type { SchemaFormProps } from '../SchemaForm';

export interface FormContext
  extends Pick<SchemaFormProps, 'scope' | 'names' | 'missing' | 'functions' | 'secrets' | 'preview' | 'body'> {
  templates: boolean;
  /** The schema as it was given, for keywords that the library does not hand down. */
  schema: JsonObject;
}

export function contextOf(registry: Registry): FormContext {
  return registry.formContext as FormContext;
}
