// A form made from a JSON Schema: a node's config (with templates, CEL conditions and secrets where the schema allows them), or the
// input of a tool (`templates={false}`). It tells only what the person changed: no defaults are written. What no control can
// show is edited as JSON, so that nothing is lost. The form comes in a chunk of its own.
//
//   <SchemaForm schema={type.config_schema} value={node.config} onChange={setConfig} mistakes={errorsOfNode} scope={sample} … />
import { lazy, type ReactNode, Suspense } from 'react';
import { Loading } from '../States';
import type { CelFunction, SampleScope } from './completion';
import type { JsonObject } from './json';
import type { PreviewExpression } from './preview';
import type { FieldMistake } from './schema';

export interface SchemaFormProps {
  /** What the form is called, for screen readers. */
  label: string;
  /** A JSON Schema (draft 7) of an object. */
  schema: unknown;
  value: JsonObject;
  /** The value with one change of the person's. Without it the form only shows. */
  onChange?: (value: JsonObject) => void;
  /**
   * The server's mistakes, by pointers into `value`. Where the list is given, even an empty one, the server judges; without
   * it the form judges by the schema as soon as something was changed.
   */
  mistakes?: readonly FieldMistake[];
  readOnly?: boolean;
  /** Whether texts may hold `{{ … }}`; default true. */
  templates?: boolean;
  /** Sample data, for completion and preview; keep the object the same as long as the data is. */
  scope?: SampleScope;
  /** Names in scope for which the sample has nothing: `item`, `index`, `error`. Keep the list the same. */
  names?: readonly string[];
  /** Ids of nodes that can be named though there is no sample of their outputs. Keep the list the same. */
  missing?: readonly string[];
  functions?: readonly CelFunction[];
  /** Names of secrets, for the fields that take them. */
  secrets?: readonly string[];
  preview?: PreviewExpression;
  /** Shown for an inner graph (`x-body`): a button that opens it on the canvas, say. */
  body?: ReactNode;
  /** Unique among the forms of a page. */
  id?: string;
  /** What stands below the form: it comes with it, so that the form does not push it away. */
  children?: ReactNode;
}

const Form = lazy(() => import('./form/Form'));

export function SchemaForm({ children, ...props }: SchemaFormProps) {
  return (
    <Suspense fallback={<Loading rows={5} />}>
      <Form {...props} />
      {children}
    </Suspense>
  );
}
