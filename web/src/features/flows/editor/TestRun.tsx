// Asks for the input of a test run.
import { Button, Modal, Stack } from '@mantine/core';
import type { Json } from '@/components/data/json';
import classes from '../Flows.module.css';
import { inputOf, RunInput } from '../RunInput';
import type { Mode } from './useRuns';

export interface TestRunProps {
  schema: unknown;
  mode: Mode;
  text: string;
  onText: (text: string) => void;
  pins: number;
  onStart: (input: Json) => void;
  onClose: () => void;
}

export function TestRun({ schema, mode, text, onText, pins, onStart, onClose }: TestRunProps) {
  const input = inputOf(text);
  const title = mode.only ? `Run ${mode.only}` : mode.until ? `Run to ${mode.until}` : 'Test run of the draft';
  const submit = () => {
    if (!input) return;
    onClose();
    onStart(input.value);
  };
  return (
    <Modal opened onClose={onClose} title={title} size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
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
          {pins > 0 && (
            <p className="meta">
              {pins === 1 ? 'One node has a pinned output' : `${pins} nodes have pinned outputs`} and is not executed.
            </p>
          )}
          <div className={classes.buttons}>
            <Button onClick={onClose}>Back</Button>
            <Button type="submit" variant="filled" disabled={!input} data-autofocus>
              Start test run
            </Button>
          </div>
        </Stack>
      </form>
    </Modal>
  );
}
