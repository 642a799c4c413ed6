import { Drawer } from '@mantine/core';
import { Rail } from './Rail';

/** All pages, on a phone. */
export default function PagesDrawer({ onClose }: { onClose: () => void }) {
  return (
    <Drawer opened onClose={onClose} title="Pages" size={280} closeButtonProps={{ 'aria-label': 'Close' }}>
      <Rail narrow={false} onChosen={onClose} />
    </Drawer>
  );
}
