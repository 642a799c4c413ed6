// The head of the editor: undo, test run, publish, and the menu.
import { ActionIcon, Button, Menu, Tooltip } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Download, Ellipsis, FlaskConical, History, Play, Redo2, Trash2, Undo2, Upload } from 'lucide-react';
import { useRef } from 'react';
import { downloadUrl } from '@/api/client';
import { useWhyNot } from '@/api/session';
import { printKeys } from '@/lib/keys';
import { flowQuery } from '../queries';
import { useEditorState, useHistory, useParts, useSaveState } from './context';
import { useRunner } from './runner';

export interface ActionsProps {
  /** Runs the live version. */
  onRun: () => void;
  onPublish: () => void;
  onVersions: () => void;
  onReplace: () => void;
  onDiscard: () => void;
}

export function EditorActions({ onRun, onPublish, onVersions, onReplace, onDiscard }: ActionsProps) {
  const { editor, flow, readOnly } = useParts();
  const { canUndo, canRedo } = useHistory();
  const document = useEditorState((state) => state.document);
  const save = useSaveState();
  const live = useQuery(flowQuery(flow)).data?.data.live_version;
  const { ask, busy } = useRunner();
  const whyNotRun = useWhyNot('runs:write');
  const whyNotWrite = useWhyNot('flows:write');
  const more = useRef<HTMLButtonElement>(null);
  // The entry is gone when its dialog comes, which then gives the focus back to the menu's button.
  const fromMenu = (act: () => void) => {
    more.current?.focus();
    act();
  };
  const file = (format: string) => ({
    component: 'a' as const,
    href: downloadUrl(`/api/v1/flows/${flow}/export`, { format }),
    download: `${document.name ?? 'flow'}.${format}`,
    leftSection: <Download size={14} aria-hidden />,
  });
  const saveDraft = () => {
    const blob = new Blob([JSON.stringify(document, null, 2)], { type: 'application/json' });
    const link = globalThis.document.createElement('a');
    link.href = URL.createObjectURL(blob);
    link.download = `${document.name ?? 'flow'}.draft.json`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };
  return (
    <>
      {!readOnly && (
        <>
          <Tooltip label={`Undo (${printKeys('$mod+z')})`}>
            <ActionIcon aria-label="Undo" disabled={!canUndo} onClick={() => editor.undo()}>
              <Undo2 size={16} strokeWidth={1.75} />
            </ActionIcon>
          </Tooltip>
          <Tooltip label={`Redo (${printKeys('$mod+Shift+z')})`}>
            <ActionIcon aria-label="Redo" disabled={!canRedo} onClick={() => editor.redo()}>
              <Redo2 size={16} strokeWidth={1.75} />
            </ActionIcon>
          </Tooltip>
        </>
      )}
      <Button leftSection={<History size={14} aria-hidden />} onClick={onVersions}>
        Versions
      </Button>
      <Button
        leftSection={<Play size={14} aria-hidden />}
        disabled={whyNotRun !== undefined || !live}
        title={whyNotRun ?? (live ? printKeys('$mod+Shift+Enter') : 'No version is live: publish the draft first')}
        onClick={onRun}
      >
        {live ? `Run v${live}` : 'Run'}
      </Button>
      <Button
        leftSection={<FlaskConical size={14} aria-hidden />}
        disabled={whyNotRun !== undefined}
        title={whyNotRun ?? printKeys('$mod+Enter')}
        loading={busy}
        onClick={ask}
      >
        Test run
      </Button>
      <Button
        variant="filled"
        disabled={whyNotWrite !== undefined}
        title={whyNotWrite ?? printKeys('$mod+Shift+p')}
        onClick={onPublish}
      >
        Publish draft
      </Button>
      <Menu position="bottom-end" width={220}>
        <Menu.Target>
          <ActionIcon ref={more} aria-label="More actions">
            <Ellipsis size={16} strokeWidth={1.75} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item {...file('json')}>Export version as JSON</Menu.Item>
          <Menu.Item {...file('yaml')}>Export version as YAML</Menu.Item>
          <Menu.Item leftSection={<Download size={14} aria-hidden />} onClick={saveDraft}>
            Export draft as JSON
          </Menu.Item>
          {!readOnly && (
            <Menu.Item leftSection={<Upload size={14} aria-hidden />} onClick={() => fromMenu(onReplace)}>
              Replace draft by file
            </Menu.Item>
          )}
          {!readOnly && (
            <>
              <Menu.Divider />
              <Menu.Item
                color="red"
                leftSection={<Trash2 size={14} aria-hidden />}
                disabled={save.kind === 'clean'}
                onClick={() => fromMenu(onDiscard)}
              >
                Discard draft
              </Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
    </>
  );
}
