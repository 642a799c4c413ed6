import '@mantine/notifications/styles.layer.css';
import { Notifications } from '@mantine/notifications';
import { ProveAgain } from './ProveAgain';
import { SignInAgain } from './SignInAgain';

/** Over every page: short messages, the question for the password, the sign-in when the session is over. */
export default function Overlays() {
  return (
    <>
      <ProveAgain />
      <SignInAgain />
      <Notifications position="bottom-right" autoClose={5000} />
    </>
  );
}
