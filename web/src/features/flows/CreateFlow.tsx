// A new flow: empty, from an example, or from a document.
import { Button, SegmentedControl, Select, Stack, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { projectsQuery } from '@/api/session';
import { Dialog } from '@/components/Dialog';
import type { FlowDocument } from '@/components/data/flow';
import { useGo } from '@/components/Link';
import { ProblemText } from '@/components/States';
import { DocumentText } from './DocumentText';
import { empty, examples } from './examples';
import classes from './Flows.module.css';
import { useCreateFlow, useImportFlow } from './queries';

type Source = 'empty' | 'example' | 'text';

export function CreateFlow({ onClose, project: chosen }: { onClose: () => void; project: string }) {
  const [source, setSource] = useState<Source>('empty');
  const [name, setName] = useState('');
  const [project, setProject] = useState(chosen || 'default');
  const [example, setExample] = useState(examples[0]!.id);
  const [text, setText] = useState('');
  const projects = useQuery(projectsQuery());
  const create = useCreateFlow();
  const take = useImportFlow();
  const go = useGo();
  const busy = create.isPending || take.isPending;

  const submit = async () => {
    const made =
      source === 'text'
        ? await take.mutateAsync({ text, live: false })
        : await create.mutateAsync({ document: documentOf(source, example, name, project), live: false });
    onClose();
    go({ to: '/flows/$id', params: { id: made.id } });
  };
  const missing = source === 'text' ? text.trim() === '' : name.trim() === '';
  return (
    <Dialog onClose={onClose} title="New flow" size="lg">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          submit().catch(() => {});
        }}
      >
        <Stack gap="md">
          <SegmentedControl
            aria-label="Begin with"
            value={source}
            onChange={(value) => setSource(value as Source)}
            data={[
              { value: 'empty', label: 'Empty' },
              { value: 'example', label: 'Example' },
              { value: 'text', label: 'JSON or YAML' },
            ]}
          />
          {source === 'text' ? (
            <DocumentText value={text} onChange={setText} />
          ) : (
            <>
              <TextInput
                label="Name"
                description="Letters, digits, spaces, dots, dashes; unique in the workspace."
                value={name}
                maxLength={100}
                onChange={(event) => setName(event.currentTarget.value)}
                data-autofocus
                required
              />
              <Select
                label="Project"
                data={[...new Set([project, 'default', ...(projects.data?.items ?? []).map((one) => one.name)])]}
                value={project}
                onChange={(value) => setProject(value ?? 'default')}
                allowDeselect={false}
              />
            </>
          )}
          {source === 'example' && (
            <div role="radiogroup" aria-label="Example" className={classes.examples}>
              {examples.map((one) => (
                <button
                  key={one.id}
                  type="button"
                  role="radio"
                  aria-checked={example === one.id}
                  className={classes.example}
                  onClick={() => setExample(one.id)}
                >
                  <strong>{one.title}</strong>
                  <span>{one.says}</span>
                </button>
              ))}
            </div>
          )}
          <ProblemText error={create.error ?? take.error} />
          <div className={classes.buttons}>
            <Button onClick={onClose} disabled={busy}>
              Back
            </Button>
            <Button type="submit" variant="filled" loading={busy} disabled={missing}>
              Create flow
            </Button>
          </div>
        </Stack>
      </form>
    </Dialog>
  );
}

function documentOf(source: Source, example: string, name: string, project: string): FlowDocument {
  const from = source === 'example' ? examples.find((one) => one.id === example)!.document : empty;
  return { name: name.trim(), project, ...from };
}
