// Asks for the input of a test run.

import { Dialog } from '@/components/Dialog';
import type { Json } from '@/components/data/json';
import { RunForm } from '../RunForm';
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
  const title = mode.only ? `Run ${mode.only}` : mode.until ? `Run to ${mode.until}` : 'Test run of the draft';
  return (
    <Dialog onClose={onClose} title={title} size="lg">
      <RunForm
        schema={schema}
        text={text}
        onText={onText}
        action="Start test run"
        onStart={(input) => {
          onClose();
          onStart(input);
        }}
        onClose={onClose}
      >
        {pins > 0 && (
          <p className="meta">
            {pins === 1
              ? 'One node has a pinned output and is not executed.'
              : `${pins} nodes have pinned outputs and are not executed.`}
          </p>
        )}
      </RunForm>
    </Dialog>
  );
}
