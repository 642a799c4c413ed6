// A dialog that is there as long as it is open. Mantine gives the focus back when `opened` changes, which here it never does.
import { Modal, type ModalProps } from '@mantine/core';
import { useEffect, useState } from 'react';

export function Dialog(props: Omit<ModalProps, 'opened'>) {
  useFocusReturn();
  return <Modal opened closeButtonProps={{ 'aria-label': 'Close' }} {...props} />;
}

/** When this goes the focus returns to what had it before, unless somebody has taken it by then. `wanted`: only the first one counts. */
export function useFocusReturn(wanted = true): void {
  const [before] = useState(opener);
  const [returns] = useState(wanted);
  useEffect(() => {
    if (!returns) return;
    return () => {
      requestAnimationFrame(() => {
        const now = document.activeElement;
        if (now && now !== document.body) return;
        const page = () => document.querySelector<HTMLElement>('[data-canvas]') ?? document.getElementById('main');
        (before?.isConnected ? before : page())?.focus({ preventScroll: true });
      });
    };
  }, [before, returns]);
}

// An entry of a menu goes with the menu: then it is the menu's button.
function opener(): HTMLElement | undefined {
  const at = document.activeElement;
  if (!(at instanceof HTMLElement) || at === document.body) return undefined;
  const menu = at.closest('[role=menu]');
  return (menu && document.querySelector<HTMLElement>(`[aria-controls="${CSS.escape(menu.id)}"]`)) || at;
}
