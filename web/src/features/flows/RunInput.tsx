// The input of a run: a form where the flow says what it takes, and the same as JSON; else JSON alone.
import { SegmentedControl } from '@mantine/core';
import { useState } from 'react';
import { CodeEditor } from '@/components/data/CodeEditor';
import { isObject, type Json, type JsonObject, parseJson } from '@/components/data/json';
import { SchemaForm } from '@/components/data/SchemaForm';
import classes from './Flows.module.css';

export interface RunInputProps {
  schema: unknown;
  /** JSON text. */
  text: string;
  onText: (text: string) => void;
}

export function RunInput({ schema, text, onText }: RunInputProps) {
  const hasForm =
    isObject(schema) && isObject(schema.properties) && (schema.type === undefined || schema.type === 'object');
  const [view, setView] = useState(hasForm ? 'form' : 'json');
  const parsed = parseJson(text.trim() === '' ? '{}' : text);
  const canForm = hasForm && parsed.ok && isObject(parsed.value);
  const shown = view === 'form' && canForm ? 'form' : 'json';
  return (
    <div className={classes.text}>
      <div className={classes.textHead}>
        <span>Input</span>
        {hasForm && (
          <SegmentedControl
            size="xs"
            aria-label="View of the input"
            value={shown}
            onChange={setView}
            data={[
              { value: 'form', label: 'Form', disabled: !canForm },
              { value: 'json', label: 'JSON' },
            ]}
          />
        )}
      </div>
      {shown === 'form' ? (
        <SchemaForm
          id="run-input"
          label="Input of the run"
          schema={schema}
          value={(parsed.ok ? parsed.value : {}) as JsonObject}
          onChange={(value) => onText(JSON.stringify(value, null, 2))}
          templates={false}
        />
      ) : (
        <CodeEditor label="Input of the run, as JSON" language="json" value={text} onChange={onText} height={200} />
      )}
      {!parsed.ok && (
        <p className="error" role="alert">
          This is no JSON: {parsed.message}
        </p>
      )}
    </div>
  );
}

/** The value to send; nothing while the text is no JSON. */
export function inputOf(text: string): { value: Json } | undefined {
  const parsed = parseJson(text.trim() === '' ? '{}' : text);
  return parsed.ok ? { value: parsed.value } : undefined;
}
