// What changed between two things. Of texts (`kind` left out) and JSON values (`kind="json"`): line by line, side by side where there is room for it. Of flows: by
// node, edge and field (`kind="flow"`), with each field before and after.
//
//   <DiffView kind="flow" before={version3} after={draft} beforeLabel="Version 3" afterLabel="Draft" />
import { SegmentedControl } from '@mantine/core';
import { lazy, Suspense, useMemo, useState } from 'react';
import styles from './DiffView.module.css';
import { FlowDiff } from './FlowDiff';
import type { FlowDocument } from './flow';
import type { Json } from './json';
import { STRUCTURE_LIMIT, sizeText } from './sizes';

interface Common {
  /** What is compared, for screen readers. */
  label?: string;
  beforeLabel?: string;
  afterLabel?: string;
  maxHeight?: string | number;
}

export type DiffViewProps =
  | (Common & { kind?: 'text'; before: string; after: string; language?: 'json' | 'markdown' | 'text' })
  | (Common & { kind: 'json'; before: Json | undefined; after: Json | undefined })
  | (Common & {
      kind: 'flow';
      before: FlowDocument;
      after: FlowDocument;
      onPick?: (part: 'flow' | 'node' | 'edge', key: string) => void;
    });

const Merge = lazy(() => import('./cm/Merge'));

export function DiffView(props: DiffViewProps) {
  if (props.kind === 'flow') return <FlowOrText {...props} />;
  return <TextDiff {...props} />;
}

function FlowOrText(props: Extract<DiffViewProps, { kind: 'flow' }>) {
  const [view, setView] = useState('parts');
  return (
    <div className={styles.diff}>
      <SegmentedControl
        size="xs"
        className={styles.views}
        aria-label="View of the changes"
        value={view}
        onChange={setView}
        data={[
          { value: 'parts', label: 'By node' },
          { value: 'text', label: 'As JSON' },
        ]}
      />
      {view === 'parts' ? (
        <FlowDiff {...props} />
      ) : (
        <TextDiff
          {...props}
          kind="json"
          before={props.before as unknown as Json}
          after={props.after as unknown as Json}
        />
      )}
    </div>
  );
}

function TextDiff(props: Exclude<DiffViewProps, { kind: 'flow' }>) {
  const { beforeLabel = 'Before', afterLabel = 'After' } = props;
  const before = useMemo(() => textOf(props.kind ?? 'text', props.before), [props.kind, props.before]);
  const after = useMemo(() => textOf(props.kind ?? 'text', props.after), [props.kind, props.after]);
  if (before === after) return <p className={styles.same}>There is no difference.</p>;
  const size = Math.max(before.length, after.length);
  if (size > STRUCTURE_LIMIT * 2) {
    return (
      <p className={styles.same}>
        They differ, and have {sizeText(before.length)} and {sizeText(after.length)}. Above{' '}
        {sizeText(STRUCTURE_LIMIT * 2)} they are not compared here, because it would stop the page; download both to
        compare them.
      </p>
    );
  }
  return (
    <Suspense fallback={<p className={styles.same}>Comparing…</p>}>
      <Merge
        before={before}
        after={after}
        label={props.label}
        beforeLabel={beforeLabel}
        afterLabel={afterLabel}
        language={props.kind === 'json' ? 'json' : (props.language ?? 'text')}
        maxHeight={props.maxHeight ?? 560}
      />
    </Suspense>
  );
}

function textOf(kind: 'text' | 'json', value: Json | undefined): string {
  if (kind === 'text') return String(value ?? '');
  return value === undefined ? '' : JSON.stringify(value, null, 2);
}
