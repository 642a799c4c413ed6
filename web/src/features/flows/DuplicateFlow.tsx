// The same flow under another name: its live version, or its latest one where none is live.
import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { Confirm } from '@/components/Confirm';
import type { FlowDocument } from '@/components/data/flow';
import { useGo } from '@/components/Link';
import { type FlowRow, fetchFlow, useCreateFlow } from './queries';

export function DuplicateFlow({ flow, onClose }: { flow: FlowRow; onClose: () => void }) {
  const [name, setName] = useState(`${flow.name.slice(0, 95)} copy`);
  const create = useCreateFlow();
  const go = useGo();
  return (
    <Confirm
      opened
      onClose={onClose}
      title={`Duplicate ${flow.name}`}
      action="Duplicate flow"
      disabled={name.trim() === ''}
      onConfirm={async () => {
        const { data } = await fetchFlow(flow.id);
        const document = { ...(data.document as unknown as FlowDocument), name: name.trim() };
        const made = await create.mutateAsync({ document, live: false });
        go({ to: '/flows/$id', params: { id: made.id } });
      }}
    >
      <TextInput
        label="Name of the copy"
        value={name}
        maxLength={100}
        onChange={(event) => setName(event.currentTarget.value)}
        data-autofocus
      />
      <p className="meta">No version of the copy is live until you publish one or make it so.</p>
    </Confirm>
  );
}
