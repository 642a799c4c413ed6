import '@mantine/notifications/styles.layer.css';
import { Notifications } from '@mantine/notifications';
import { ProveAgain } from './ProveAgain';

/** Over every page: short messages, and the question for the password. */
export default function Overlays() {
  return (
    <>
      <ProveAgain />
      <Notifications position="bottom-right" autoClose={5000} />
    </>
  );
}
