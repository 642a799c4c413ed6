// Asks before something is done that others notice. It stays open until the server has answered, and shows what went wrong.
//
//   <Confirm opened={asking} onClose={close} title="Cancel run?" action="Cancel run" danger onConfirm={() => cancel.mutateAsync(id)}>
//     Steps that run now are stopped; what they did outside stays done.
//   </Confirm>

import { Button, Modal, TextInput } from '@mantine/core';
import { type ReactNode, useEffect, useState } from 'react';
import classes from './Confirm.module.css';
import { ProblemText } from './States';

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
  useEffect(() => {
    if (!opened) return;
    setError(undefined);
    setText('');
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
      onClose={onClose}
      title={title}
      closeOnClickOutside={!busy}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form
        className={classes.form}
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
          />
        )}
        <ProblemText error={error} />
        <div className={classes.buttons}>
          <Button onClick={onClose} disabled={busy}>
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
