// Asks before something is done that others notice. It stays open until the server has answered, and shows what went wrong; what was
// typed into it is thrown away only by who says so.
//
//   <Confirm opened={asking} onClose={close} title="Cancel run?" action="Cancel run" danger onConfirm={() => cancel.mutateAsync(id)}>
//     Steps that run now are stopped; what they did outside stays done.
//   </Confirm>

import { Button, Modal, TextInput } from '@mantine/core';
import { type ReactNode, useEffect, useState } from 'react';
import classes from './Confirm.module.css';
import { useFocusReturn } from './Dialog';
import { Discard } from './Discard';
import { ProblemText } from './States';
import { useTyped } from './typed';

export interface ConfirmProps {
  opened: boolean;
  onClose: () => void;
  title: string;
  /** Verb and object: "Redrive 37 messages". */
  action: string;
  danger?: boolean;
  /** To be typed first, for what cannot be undone: usually the object's name. */
  typed?: string;
  /** What is missing before it can be confirmed. */
  disabled?: boolean;
  onConfirm: () => Promise<unknown>;
  children?: ReactNode;
}

export function Confirm({
  opened,
  onClose,
  title,
  action,
  danger,
  typed,
  disabled,
  onConfirm,
  children,
}: ConfirmProps) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const [text, setText] = useState('');
  const fields = useTyped(onClose, true);
  // One that is there only while it is open; of the others Mantine gives the focus back.
  useFocusReturn(opened);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each time it opens
  useEffect(() => {
    if (!opened) return;
    setError(undefined);
    setText('');
    fields.forget();
  }, [opened]);
  const confirm = async () => {
    setBusy(true);
    setError(undefined);
    try {
      await onConfirm();
      onClose();
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal
      opened={opened}
      onClose={busy ? () => {} : fields.leave}
      title={title}
      closeOnClickOutside={!busy && !fields.typed}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form
        className={classes.form}
        {...fields.watch}
        onSubmit={(event) => {
          event.preventDefault();
          void confirm();
        }}
      >
        {children && <div>{children}</div>}
        {typed && (
          <TextInput
            label={`Type ${typed} to go on`}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            autoComplete="off"
            data-autofocus
            data-untracked
          />
        )}
        <ProblemText error={error} />
        {fields.asking && <Discard onKeep={fields.keep} onDiscard={onClose} />}
        <div className={classes.buttons}>
          <Button onClick={fields.leave} disabled={busy}>
            Back
          </Button>
          <Button
            type="submit"
            variant="filled"
            color={danger ? 'danger' : undefined}
            loading={busy}
            disabled={disabled || (typed !== undefined && text !== typed)}
            data-autofocus={typed ? undefined : true}
          >
            {action}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
