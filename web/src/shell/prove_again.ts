// Whether a request waits for the password once more; the form is in ProveAgain.tsx.

import { makeQuestion } from './question';

const question = makeQuestion();

/** Asks the person; several requests at once ask once. */
export const proveAgain = question.ask;
export const answerProof = question.answer;
export const useProofAsked = question.useAsked;
