// A JSON value to look at: as a tree, as its text, as a table (a list of flat objects), as its shape, or as the text that it
// holds. Large values come in parts: 64 KiB at first, then 256 KiB when asked for; above 1 MiB there is only the text, and the
// reason is told. Give either the value or a loader; the loader is asked again when it changes, so keep it the same.
//
//   <JsonView label="Output" load={parts} root={['nodes', 'load', 'output']} downloadHref={`…/output?raw=true`} />
import { Button, SegmentedControl, TextInput } from '@mantine/core';
import { Download } from 'lucide-react';
import { useMemo, useState } from 'react';
import { Failed, Loading } from '../States';
import { CodeEditor } from './CodeEditor';
import { expressionOf } from './completion';
import { useCopy } from './copy';
import type { PickedPath } from './insert';
import styles from './JsonView.module.css';
import { isObject, type Json, kindText } from './json';
import { Markdown } from './Markdown';
import { loadedOf, useParts } from './parts-loading';
import { shapeOf, tableOf } from './shape';
import {
  byteLength,
  FIRST_PART,
  type LoadPart,
  NEXT_PART,
  partsOfText,
  STRUCTURE_LIMIT,
  sizeText,
  structureRefusal,
} from './sizes';
import { ValueTable } from './ValueTable';
import { ValueTree } from './ValueTree';

export type JsonViewKind = 'tree' | 'raw' | 'table' | 'schema' | 'text';

export interface JsonViewProps {
  label: string;
  value?: Json;
  load?: LoadPart;
  /** Which view; with `onView` it is the page's (an address keeps it), else the component's own. */
  view?: JsonViewKind;
  onView?: (view: JsonViewKind) => void;
  /** How the value is named in an expression; with it paths can be copied. */
  root?: PickedPath;
  /** Where the whole value can be had as a file. */
  downloadHref?: string;
  downloadName?: string;
  /** Where an artifact's content can be had; references to artifacts become links. */
  artifactHref?: (id: string) => string;
  maxHeight?: string | number;
}

const NAMES: Record<JsonViewKind, string> = {
  tree: 'Tree',
  raw: 'Raw',
  table: 'Table',
  schema: 'Schema',
  text: 'Text',
};

export function JsonView(props: JsonViewProps) {
  const { value, load } = props;
  const given = useMemo(() => (load || value === undefined ? undefined : loadedOf(value)), [value, load]);
  // A value over the limit that the page has already is read in parts too.
  const large = useMemo(
    () => (given && given.total === undefined && value !== undefined ? partsOfText(JSON.stringify(value)) : undefined),
    [given, value],
  );
  const { loaded, more } = useParts(load ?? large, given);
  const [own, setOwn] = useState<JsonViewKind | undefined>();
  const [words, setWords] = useState('');
  const [said, copy] = useCopy();
  const [told, setTold] = useState('');

  const { total, bytes } = loaded;
  const read = loaded.value?.ok ? loaded.value.value : undefined;
  const table = useMemo(() => tableOf(read), [read]);
  const isText = typeof read === 'string' && read.length > 0;
  const isTree = read !== undefined && (Array.isArray(read) || isObject(read));

  if (total === undefined) {
    if (loaded.error !== undefined) return <Failed error={loaded.error} onRetry={() => more()} what={props.label} />;
    if (load || large) return <Loading rows={4} />;
    return <p className="meta">There is no value.</p>;
  }

  const refusal = structureRefusal(bytes, total);
  const broken = loaded.value && !loaded.value.ok ? loaded.value.message : undefined;
  const views: JsonViewKind[] = ['tree', 'raw'];
  if (table) views.push('table');
  if (isTree) views.push('schema');
  if (isText) views.push('text');
  const wanted = props.view ?? own ?? (isText ? 'text' : 'tree');
  const view: JsonViewKind = refusal || broken ? 'raw' : views.includes(wanted) ? wanted : 'tree';
  const choose = (next: string) => {
    setOwn(next as JsonViewKind);
    props.onView?.(next as JsonViewKind);
  };
  const rest = total - bytes;

  return (
    <div className={styles.view}>
      <div className={styles.bar}>
        <SegmentedControl
          size="xs"
          aria-label={`View of ${props.label}`}
          value={view}
          onChange={choose}
          data={views.map((one) => ({
            value: one,
            label: NAMES[one],
            disabled: one !== 'raw' && Boolean(refusal || broken),
          }))}
        />
        <span className={styles.size}>
          {rest > 0 ? `${sizeText(bytes)} of ${sizeText(total)}` : sizeText(total)}
          {read !== undefined && `, ${kindText(read)}`}
        </span>
        <span className={styles.grow} />
        <span className="meta" role="status">
          {said || told}
        </span>
        {props.root && (
          <Button size="compact-xs" variant="subtle" onClick={() => copy(expressionOf(props.root ?? []), 'the path')}>
            Copy path
          </Button>
        )}
        <Button
          size="compact-xs"
          variant="subtle"
          disabled={rest > 0}
          title={rest > 0 ? 'Only a part is loaded: load the rest, or download it' : undefined}
          onClick={() => copy(typeof read === 'string' && view === 'text' ? read : loaded.shown, 'the value')}
        >
          Copy value
        </Button>
        {props.downloadHref && (
          <Button
            size="compact-xs"
            variant="subtle"
            component="a"
            href={props.downloadHref}
            download={props.downloadName ?? true}
            leftSection={<Download size={13} aria-hidden />}
          >
            Download
          </Button>
        )}
      </div>
      {refusal && <p className={styles.note}>{refusal}</p>}
      {broken && <p className={styles.note}>This is no JSON, so it is shown as text: {broken}</p>}
      {view === 'tree' && isTree && (
        <>
          <TextInput
            className={styles.words}
            size="xs"
            aria-label={`Search in ${props.label}`}
            placeholder="Search names and values"
            value={words}
            onChange={(event) => setWords(event.currentTarget.value)}
          />
          <ValueTree
            label={props.label}
            value={read}
            root={props.root}
            words={words}
            artifactHref={props.artifactHref}
            maxHeight={props.maxHeight ?? 480}
            onCopied={setTold}
          />
        </>
      )}
      {view === 'tree' && !isTree && read !== undefined && (
        <ValueTree label={props.label} value={read} root={props.root} artifactHref={props.artifactHref} />
      )}
      {view === 'table' && table && (
        <ValueTable
          label={props.label}
          table={table}
          artifactHref={props.artifactHref}
          maxHeight={props.maxHeight ?? 480}
        />
      )}
      {view === 'schema' && read !== undefined && (
        <ValueTree
          label={`Schema of ${props.label}`}
          value={shapeOf(read)}
          types
          openLevels={4}
          maxHeight={props.maxHeight ?? 480}
        />
      )}
      {view === 'text' && typeof read === 'string' && (
        <div className={styles.text} style={{ maxHeight: props.maxHeight ?? 480 }}>
          <Markdown text={read} bytes={byteLength(read)} />
        </div>
      )}
      {view === 'raw' && (
        <CodeEditor
          label={`${props.label} as text`}
          // Colours of JSON cost a parse of all of it; a very large text goes without.
          language={total > STRUCTURE_LIMIT * 4 ? 'text' : 'json'}
          value={loaded.shown}
          readOnly
          maxHeight={props.maxHeight ?? 480}
        />
      )}
      {rest > 0 && (
        <div className={styles.more}>
          <Button size="xs" loading={loaded.busy} onClick={() => more()}>
            Load {sizeText(Math.min(bytes === 0 ? FIRST_PART : NEXT_PART, rest))} more
          </Button>
          {total <= STRUCTURE_LIMIT && rest > NEXT_PART && (
            <Button size="xs" variant="subtle" disabled={loaded.busy} onClick={() => more(true)}>
              Load all {sizeText(total)}
            </Button>
          )}
          <span className="meta">{sizeText(rest)} are not loaded.</span>
        </div>
      )}
      {loaded.error !== undefined && <Failed error={loaded.error} onRetry={() => more()} what="The next part" />}
    </div>
  );
}
