// The same document as text. What is typed becomes the draft as soon as it is an object; until then the draft stays as it was.
import { useEffect, useMemo, useRef, useState } from 'react';
import { CodeEditor, type CodeEditorHandle } from '@/components/data/CodeEditor';
import type { FlowDocument } from '@/components/data/flow';
import { isObject, parseJson, same } from '@/components/data/json';
import { useEditorState, useParts, useProblems } from './context';
import classes from './Editor.module.css';

export interface JsonPaneProps {
  handle: React.RefObject<CodeEditorHandle | null>;
}

function refusalOf(text: string): { message: string; document?: FlowDocument } {
  const parsed = parseJson(text);
  if (!parsed.ok) return { message: `This is no JSON: ${parsed.message}` };
  if (!isObject(parsed.value)) return { message: 'A flow is an object.' };
  if (!Array.isArray(parsed.value.nodes) || !parsed.value.nodes.every(isObject)) {
    return { message: 'A flow has a list of nodes: {"name": …, "nodes": […], "edges": […]}.' };
  }
  const { edges } = parsed.value;
  if (edges !== undefined && (!Array.isArray(edges) || !edges.every(isObject))) {
    return { message: '“edges” is a list of objects.' };
  }
  return { message: '', document: parsed.value as unknown as FlowDocument };
}

export function JsonPane({ handle }: JsonPaneProps) {
  const { editor, readOnly } = useParts();
  const document = useEditorState((state) => state.document);
  const { problems, current } = useProblems();
  const [text, setText] = useState(() => JSON.stringify(document, null, 2));
  const [refusal, setRefusal] = useState('');
  const told = useRef(document);
  useEffect(() => {
    if (document === told.current) return;
    // Changed by something else: an undo, a merge.
    if (!same(document, told.current)) {
      setText(JSON.stringify(document, null, 2));
      setRefusal('');
    }
    told.current = document;
  }, [document]);
  const marks = useMemo(
    () =>
      current && refusal === ''
        ? problems.map(({ pointer, message, severity }) => ({ pointer, message, severity }))
        : [],
    [problems, current, refusal],
  );
  return (
    <div className={classes.json}>
      {refusal && (
        <p className={classes.jsonRefusal} role="alert">
          {refusal} The draft stays as it was until this is put right.
        </p>
      )}
      <CodeEditor
        handle={handle}
        label="The flow as JSON"
        language="json"
        value={text}
        problems={marks}
        readOnly={readOnly !== ''}
        height="100%"
        bare
        onBlur={() => editor.endGesture()}
        onChange={
          readOnly
            ? undefined
            : (next) => {
                setText(next);
                const read = refusalOf(next);
                setRefusal(read.message);
                if (!read.document) return;
                told.current = read.document;
                editor.edit(() => read.document as FlowDocument, 'json');
              }
        }
      />
    </div>
  );
}
