// Asks for the input of a run, and starts it: by the button, or Ctrl Enter anywhere in the form.
import { Button, Stack } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Json } from '@/components/data/json';
import { ProblemText } from '@/components/States';
import classes from './Flows.module.css';
import { inputOf, RunInput } from './RunInput';

export interface RunFormProps {
  schema: unknown;
  /** The input as JSON text. */
  text: string;
  onText: (text: string) => void;
  /** Verb and object: "Run version 3". */
  action: string;
  onStart: (input: Json) => void;
  onClose: () => void;
  busy?: boolean;
  error?: unknown;
  children?: ReactNode;
}

export function RunForm({ schema, text, onText, action, onStart, onClose, busy, error, children }: RunFormProps) {
  const input = inputOf(text);
  const submit = () => {
    if (input && !busy) onStart(input.value);
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
          event.preventDefault();
          event.stopPropagation();
          submit();
        }
      }}
    >
      <Stack gap="md">
        <RunInput schema={schema} text={text} onText={onText} />
        {children}
        <ProblemText error={error} />
        <div className={classes.buttons}>
          <Button onClick={onClose}>Back</Button>
          <Button type="submit" variant="filled" loading={busy} disabled={!input} data-autofocus>
            {action}
          </Button>
        </div>
      </Stack>
    </form>
  );
}
