// A session that ends while somebody works: the request that found out waits for the sign-in, and the page keeps what was typed. The
// form is in SignInAgain.tsx.

import { makeQuestion } from './question';

const question = makeQuestion();
let leaving = false;

/** Asks the person; several requests at once ask once. `false`: signed out by intent, or gone to the page for it. */
export const signInAgain = (): Promise<boolean> => (leaving ? Promise.resolve(false) : question.ask());
export const answerSignIn = question.answer;
export const useSignInAsked = question.useAsked;

/** From here on an end of the session is no surprise. */
export function expectSignOut(): void {
  leaving = true;
  answerSignIn(false);
}
