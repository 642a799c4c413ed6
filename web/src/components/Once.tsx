// A value that is shown once: a key, a link. It is gone when the dialog closes.

import { Button, Modal, TextInput } from '@mantine/core';
import { Check, Copy } from 'lucide-react';
import { type ReactNode, useState } from 'react';

export function Once(props: {
  title: string;
  label: string;
  value: string | undefined;
  onClose: () => void;
  children: ReactNode;
}) {
  const { title, label, value, onClose, children } = props;
  const [copied, setCopied] = useState(false);
  const close = () => {
    setCopied(false);
    onClose();
  };
  return (
    <Modal
      opened={value !== undefined}
      onClose={close}
      title={title}
      closeOnClickOutside={false}
      closeOnEscape={false}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <div className="stack">
        <p>{children}</p>
        <div className="row">
          <TextInput
            className="grow"
            aria-label={label}
            value={value ?? ''}
            readOnly
            onFocus={(event) => event.currentTarget.select()}
            data-autofocus
          />
          <Button
            leftSection={copied ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />}
            onClick={() => void navigator.clipboard?.writeText(value ?? '').then(() => setCopied(true))}
          >
            {copied ? 'Copied' : `Copy ${label}`}
          </Button>
        </div>
        <div className="row">
          <span className="grow" />
          <Button variant="filled" onClick={close}>
            Done
          </Button>
        </div>
      </div>
    </Modal>
  );
}
