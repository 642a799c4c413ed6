// A flow's document as text: typed, pasted or read from a file.
import { Button, FileButton } from '@mantine/core';
import { Upload } from 'lucide-react';
import { useState } from 'react';
import { CodeEditor } from '@/components/data/CodeEditor';
import classes from './Flows.module.css';

const MOST = 8 << 20;

export function DocumentText({ value, onChange }: { value: string; onChange: (text: string) => void }) {
  const [refusal, setRefusal] = useState('');
  const read = async (file: File | null) => {
    if (!file) return;
    if (file.size > MOST) {
      setRefusal(`${file.name} is larger than 8 MiB, which is the most that a flow may have.`);
      return;
    }
    setRefusal('');
    onChange(await file.text());
  };
  return (
    <div className={classes.text}>
      <div className={classes.textHead}>
        <span>The document, JSON or YAML, with its name</span>
        <FileButton onChange={(file) => void read(file)} accept=".json,.yaml,.yml,application/json,application/yaml">
          {(props) => (
            <Button {...props} size="xs" data-autofocus leftSection={<Upload size={14} aria-hidden />}>
              Read file
            </Button>
          )}
        </FileButton>
      </div>
      <CodeEditor
        label="Flow document"
        value={value}
        onChange={onChange}
        language={/^\s*\{/.test(value) ? 'json' : 'text'}
        height={280}
      />
      {refusal && (
        <p className="error" role="alert">
          {refusal}
        </p>
      )}
    </div>
  );
}
