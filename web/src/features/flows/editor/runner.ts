// Test runs of the draft: what is started here is what the canvas shows.
import { createContext, useContext } from 'react';

export interface Runner {
  /** All of the draft; asks for the input first. */
  ask(): void;
  runTo(node: string): void;
  runOnly(node: string): void;
  busy: boolean;
}

export const RunnerContext = createContext<Runner>({ ask: () => {}, runTo: () => {}, runOnly: () => {}, busy: false });
export const useRunner = () => useContext(RunnerContext);
